// Prints, one per line, what npm graphql finds wrong with a schema. Usage: node validate.js FILE
import { readFileSync } from 'node:fs';
import { buildSchema, validateSchema } from 'graphql';

for (const error of validateSchema(buildSchema(readFileSync(process.argv[2], 'utf8')))) console.log(`${error}`);
