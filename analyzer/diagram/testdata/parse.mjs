// Reads diagrams with Mermaid's own parser and says which it refuses.
// usage: node parse.mjs FILE..., where the packages mermaid and jsdom are
import fs from 'node:fs';
import { JSDOM } from 'jsdom';

const { window } = new JSDOM('<!doctype html><body></body>');
Object.assign(globalThis, { window, document: window.document });
const { default: mermaid } = await import('mermaid');

let read = 0;
for (const file of process.argv.slice(2)) {
  const text = fs.readFileSync(file, 'utf8');
  const blocks = [...text.matchAll(/^```mermaid\n([^]*?)^```/gm)].map((m) => m[1]);
  for (const diagram of file.endsWith('.md') ? blocks : [text]) {
    try {
      await mermaid.parse(diagram);
      read++;
    } catch (e) {
      console.log(`${file}: ${String(e).slice(0, 500)}`);
    }
  }
}
console.log(`${read} read`);
