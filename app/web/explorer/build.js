import { copyFileSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';

const PACKAGE = 'node_modules/swagger-ui-dist';
const OUTPUT = '../static/explorer';

const read = (file) => readFileSync(`${PACKAGE}/${file}`, 'utf8');

rmSync(OUTPUT, { recursive: true, force: true });
mkdirSync(OUTPUT, { recursive: true });
for (const file of ['swagger-ui-bundle.js', 'swagger-ui.css']) {
  // The source maps stay behind.
  writeFileSync(`${OUTPUT}/${file}`, read(file).replace(/^(\/\/|\/\*)# sourceMappingURL=.*$/m, '').trimEnd() + '\n');
}
for (const file of ['index.js', 'index.css']) copyFileSync(file, `${OUTPUT}/${file}`);

const { name, version, license } = JSON.parse(read('package.json'));
const texts = ['LICENSE', 'NOTICE', 'swagger-ui-bundle.js.LICENSE.txt'].map((file) => read(file).trim());
writeFileSync(`${OUTPUT}/LICENSES.txt`, `${[`${name} ${version} (${license})`, ...texts].join('\n\n')}\n`);
