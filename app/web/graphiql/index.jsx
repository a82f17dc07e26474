import '@fontsource/fira-code/latin-400.css';
import '@fontsource/roboto/latin-400.css';
import '@fontsource/roboto/latin-500.css';
import 'monaco-editor/min/vs/editor/editor.main.css';
import '@graphiql/react/style.css';
import '@graphiql/plugin-doc-explorer/style.css';
import '@graphiql/plugin-history/style.css';
import 'graphiql/graphiql.css';
import './index.css';
import { createGraphiQLFetcher } from '@graphiql/toolkit';
import { GraphiQL } from 'graphiql';
import { createRoot } from 'react-dom/client';

const WORKERS = { graphql: './graphql.worker.js', json: './json.worker.js' };

globalThis.MonacoEnvironment = {
  getWorker: (_id, label) =>
    new Worker(new URL(WORKERS[label] ?? './editor.worker.js', import.meta.url), { type: 'module' }),
};

const root = document.getElementById('graphiql');
const { endpoint, query, headers } = root.dataset;
const subscriptionUrl = new URL(endpoint, location.href.replace(/^http/, 'ws')).href;
const send = createGraphiQLFetcher({ url: endpoint, subscriptionUrl, enableIncrementalDelivery: false });

// GraphiQL reads the schema before its headers tab exists, so it would do that without credentials.
const fetcher = (request, options) =>
  send(request, request.operationName === 'IntrospectionQuery' ? { headers: JSON.parse(headers), ...options } : options);

createRoot(root).render(
  <GraphiQL fetcher={fetcher} defaultQuery={query} defaultHeaders={headers} defaultEditorToolsVisibility="headers" />,
);
