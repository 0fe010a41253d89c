// Loading what a page does not hold itself: on a site, what pages have in common.

function loadScript(src) {
  return new Promise((done, failed) => {
    document.head.append(el('script', { src, on: { load: done, error: () => failed(new Error(t('cannot read %s', src))) } }));
  });
}

// unpacked is a value that a script of the site hands over, compressed.
const unpackings = new Map();
function unpacked(base, name) {
  if (!unpackings.has(name)) {
    unpackings.set(name, loadScript(`${base}assets/${name}.js`).then(async () => {
      const bytes = Uint8Array.from(atob(globalThis.callroutePacked[name]), (c) => c.charCodeAt(0));
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream('deflate-raw'));
      return JSON.parse(await new Response(stream).text());
    }));
  }
  return unpackings.get(name);
}

// unpack gives the numbers of a set that is written as its runs.
function unpack(text) {
  const out = [];
  let next = 0;
  for (const run of text.split(' ')) {
    if (!run) continue;
    const [before, many] = run.split('.');
    next += parseInt(before, 36);
    for (let n = many ? parseInt(many, 36) : 1; n; n--) out.push(next++);
  }
  return out;
}

// wholeData makes the data of a page of its numbers and what they stand for.
function wholeData(page, store) {
  const numbers = unpack(page.nodes);
  const at = new Map(numbers.map((n, i) => [n, i]));
  const local = (n) => at.get(n);
  const taken = new Set(page.taken);
  return {
    ...page,
    programs: page.programs.map((p) => store.programs[p]),
    files: store.files,
    nodes: numbers.map((n) => {
      const f = store.functions[n];
      return { ...f, program: page.programs.indexOf(f.program), number: n, codeAt: 'code-' + f.program };
    }),
    edges: unpack(page.edges).map((n) => {
      const e = store.edges[n];
      const origins = e.origins && e.origins.map(local).filter((i) => i !== undefined);
      return { ...e, from: local(e.from), to: local(e.to), origins: origins && origins.length ? origins : undefined, spine: taken.has(n) };
    }),
    spine: page.spine.map(local),
    gaps: page.gaps.map((g) => ({ ...g, after: local(g.after) })),
  };
}

// loadCode fetches the code of a function that is kept in a file for many.
async function loadCode(app, i) {
  const n = app.model.nodes[i];
  if (n.code || n.codeAt === undefined) return;
  const at = n.codeAt;
  try {
    const code = await unpacked(app.config.base, at);
    for (const other of app.model.nodes) {
      if (other.codeAt !== at) continue;
      other.code = code[other.number];
      other.codeAt = undefined;
    }
  } catch {
    n.codeAt = undefined; // the page has no code: the trace was made without
  }
}
