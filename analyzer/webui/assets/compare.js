// Comparing two commands: their routes side by side, with what is common once.

// others is the commands with which this one can be compared. On a server they
// are asked for; in a site they are in a script, which works from a disk too.
async function others(app) {
  if (app.others) return app.others;
  const { config } = app;
  if (config.place === 'site') {
    await loadScript(config.base + config.othersAt);
    app.others = globalThis.callrouteCommands;
  } else {
    const answer = await fetch(config.base + config.othersAt);
    if (!answer.ok) throw new Error(await answer.text());
    app.others = await answer.json();
  }
  app.others = app.others.filter((o) => o.data !== config.self);
  return app.others;
}

async function otherModel(app, other) {
  app.models = app.models || new Map();
  if (app.models.has(other.data)) return app.models.get(other.data);
  let data;
  if (app.config.place === 'site') {
    const pages = await unpacked(app.config.base, 'pages');
    data = wholeData(pages[other.data], await unpacked(app.config.base, 'store'));
  } else {
    const answer = await fetch(app.config.base + other.data);
    if (!answer.ok) throw new Error((await answer.text()).trim());
    data = await answer.json();
  }
  const model = new Model(data);
  app.models.set(other.data, model);
  return model;
}

async function showCompare(app, box) {
  const { state } = app;
  box.append(el('p', { class: 'empty', role: 'status' }, t('Loading…')));
  try {
    const all = await others(app);
    const choice = el('select', { id: 'with', on: { change: () => app.go({ with: choice.value }) } }, el('option', { value: '' }, t('choose a command')));
    for (const o of all) choice.append(el('option', { value: o.data, selected: o.data === state.with }, o.title));
    if (app.state.mode !== 'compare') return;
    box.replaceChildren(el('p', { class: 'path-form' }, el('label', { for: 'with' }, t('Compare with')), choice));
    const other = all.find((o) => o.data === state.with);
    if (!other) return;
    const wait = el('p', { class: 'empty', role: 'status' }, t('Reading %s…', other.title));
    box.append(wait);
    const model = await otherModel(app, other);
    model.setFilters(app.state);
    wait.remove();
    if (app.state.mode === 'compare' && app.state.with === other.data) drawCompare(app, box, model);
  } catch (e) {
    box.replaceChildren(el('p', { class: 'gap', role: 'alert' }, e.message));
  }
}

function drawCompare(app, box, other) {
  const mine = app.model.route.map((i) => app.model.key(i));
  const theirs = other.route.map((i) => other.key(i));
  const rows = aligned(mine, theirs);
  const common = rows.filter((r) => r.a !== undefined && r.b !== undefined).length;
  box.append(el('p', { class: 'empty', role: 'status' },
    t('%d common steps; %d only in %s; %d only in %s. ', common, mine.length - common, app.model.data.title, theirs.length - common, other.data.title),
    reachText(app.model, other)));
  const body = el('tbody');
  box.append(el('table', { class: 'compare' },
    el('thead', {}, el('tr', {}, el('th', { scope: 'col' }, app.model.data.title), el('th', { scope: 'col' }, other.data.title))), body));
  for (const r of rows) {
    const i = r.a === undefined ? undefined : app.model.route[r.a];
    const j = r.b === undefined ? undefined : other.route[r.b];
    const colour = i !== undefined ? app.model.nodes[i].program : app.model.data.programs.findIndex((p) => p.name === other.program(j));
    const left = i === undefined ? el('td', { class: 'none' }) : el('td', {}, nodeRow(app, i, r.a ? app.model.edge(app.model.route[r.a - 1], i) : undefined, true));
    const n = j === undefined ? undefined : other.nodes[j];
    const right = n ? el('td', {}, el('span', { class: 'program' }, other.program(j)), ' ', el('span', { class: 'name' }, breaks(n.name)), el('br'), el('small', {}, placeLink(other, n.file, n.line))) : el('td', { class: 'none' });
    body.append(el('tr', { class: `p${Math.max(colour, 0) % 8} ${i !== undefined && n ? 'both' : 'one'}` }, left, right));
  }
}

function reachText(a, b) {
  const keys = new Set([...a.keep].map((i) => a.key(i)));
  const both = [...b.keep].filter((i) => keys.has(b.key(i))).length;
  return t('Of all that they can reach, %d functions are common.', both);
}

// aligned pairs two lists by their longest common subsequence.
function aligned(a, b) {
  const most = 1500;
  a = a.slice(0, most);
  b = b.slice(0, most);
  const w = b.length + 1;
  const best = new Uint16Array((a.length + 1) * w);
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      best[i * w + j] = a[i] === b[j] ? best[(i + 1) * w + j + 1] + 1 : Math.max(best[(i + 1) * w + j], best[i * w + j + 1]);
    }
  }
  const rows = [];
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) rows.push({ a: i++, b: j++ });
    else if (j >= b.length || (i < a.length && best[(i + 1) * w + j] >= best[i * w + j + 1])) rows.push({ a: i++ });
    else rows.push({ b: j++ });
  }
  return rows;
}
