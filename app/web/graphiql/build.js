import { readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { build } from 'esbuild';

const OUTPUT = '../static/graphiql';

// Monaco imports a style sheet per module, which esbuild would repeat for every chunk; index.jsx imports
// the one that holds them all.
const withoutMonacoModuleStyles = {
  name: 'without-monaco-module-styles',
  setup: ({ onLoad }) =>
    onLoad({ filter: /monaco-editor[\\/]esm[\\/].*\.css$/ }, () => ({ contents: '', loader: 'empty' })),
};

const packageFolders = (inputs) =>
  [...new Set(inputs.map((input) => input.match(/^(.*node_modules\/(?:@[^/]+\/)?[^/]+)\//)?.[1]))]
    .filter(Boolean)
    .sort();

const licence = (folder) => {
  const { name, version, license } = JSON.parse(readFileSync(`${folder}/package.json`, 'utf8'));
  const texts = readdirSync(folder).filter((file) => /^(licen[cs]e|notice|thirdpartynotices)/i.test(file));
  return [`${name} ${version} (${license})`, ...texts.map((file) => readFileSync(`${folder}/${file}`, 'utf8').trim())];
};

rmSync(OUTPUT, { recursive: true, force: true });
const { metafile } = await build({
  entryPoints: {
    index: 'index.jsx',
    'editor.worker': 'monaco-editor/esm/vs/editor/editor.worker.js',
    'graphql.worker': 'monaco-graphql/esm/graphql.worker.js',
    'json.worker': 'monaco-editor/esm/vs/language/json/json.worker.js',
  },
  outdir: OUTPUT,
  bundle: true,
  splitting: true,
  format: 'esm',
  target: 'es2022',
  minify: true,
  keepNames: true,
  legalComments: 'none',
  jsx: 'automatic',
  loader: { '.ttf': 'file', '.woff': 'file', '.woff2': 'file' },
  define: { 'process.env.NODE_ENV': '"production"' },
  plugins: [withoutMonacoModuleStyles],
  metafile: true,
  logLevel: 'info',
});
const licences = packageFolders(Object.keys(metafile.inputs)).flatMap(licence);
writeFileSync(`${OUTPUT}/LICENSES.txt`, `${licences.join('\n\n')}\n`);
