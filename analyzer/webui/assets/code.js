// The code pane: one function, its lines, who calls it and what it calls.

const goWords = new Set(('break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var').split(' '));
const goToken = /(\/\/.*|\/\*.*?\*\/)|("(?:[^"\\]|\\.)*"|`[^`]*`|'(?:[^'\\]|\\.)+')|([A-Za-z_]\w*)/g;

// painted is a line of Go with its keywords, strings and comments in colour. raw
// says whether a raw string goes on into the line, and then into the next; lines
// before it may be left out.
function painted(text, raw) {
  const out = [];
  let at = 0;
  if (raw.open) {
    const end = text.indexOf('`');
    if (end < 0) return [el('span', { class: 'string' }, text)];
    raw.open = false;
    at = end + 1;
    out.push(el('span', { class: 'string' }, text.slice(0, at)));
  }
  const rest = text.slice(at);
  // A raw string that is opened and not closed on this line runs to its end.
  const opened = rest.replace(goToken, (token) => ' '.repeat(token.length)).indexOf('`');
  const own = opened < 0 ? rest : rest.slice(0, opened);
  let done = 0;
  for (const m of own.matchAll(goToken)) {
    const kind = m[1] ? 'comment' : m[2] ? 'string' : goWords.has(m[3]) ? 'keyword' : '';
    if (!kind) continue;
    out.push(own.slice(done, m.index), el('span', { class: kind }, m[0]));
    done = m.index + m[0].length;
  }
  out.push(own.slice(done));
  if (opened >= 0) {
    raw.open = true;
    out.push(el('span', { class: 'string' }, rest.slice(opened)));
  }
  return out;
}

// codeLines shows lines, with … where some are left out. Calls of the function
// lead to what is called.
function codeLines(model, lines, calls, open) {
  const pre = el('pre', { class: 'code' });
  const at = new Map([...group(calls, (e) => e.line)].map(([line, edges]) => [line, unique(edges, (e) => e.to)]));
  const raw = { open: false };
  lines.forEach(([line, text], i) => {
    if (i && line !== lines[i - 1][0] + 1) {
      raw.open = false;
      pre.append(el('span', { class: 'l gap-line' }, el('i'), el('b', {}, (text.match(/^\s*/) || [''])[0] + '…'), '\n'));
    }
    const here = at.get(line) || [];
    const row = el('span', { class: 'l' + (here.length ? ' calls' : ''), data: { line } }, el('i', {}, line), el('b', {}, painted(text, raw)));
    const chips = el('span', { class: 'tos' });
    for (const e of here.slice(0, 4)) {
      chips.append(el('button', {
        class: 'to p' + (model.nodes[e.to].program % 8) + (e.leaves ? ' leaves' : ''), type: 'button',
        title: e.kind + ' ' + (e.detail || ''), on: { click: () => open(e.to) },
      }, '→ ' + model.nodes[e.to].name));
    }
    if (here.length > 4) chips.append(`+${here.length - 4}`);
    row.append('\n');
    if (here.length) row.append(chips);
    pre.append(row);
  });
  return pre;
}

// says is the words on an edge.
function says(e) {
  return [e.kind === 'call' ? '' : e.kind, e.detail, e.label && `(${e.label})`, e.candidates ? t('(one of %d)', e.candidates) : '', e.over ? t('(joined)') : ''].filter(Boolean).join(' ');
}

function placeLink(model, file, line) {
  const text = model.place(file, line);
  const web = model.web(file, line);
  return web ? el('a', { href: web, rel: 'noreferrer', target: '_blank' }, breaks(text)) : el('span', {}, breaks(text));
}

// showCode fills the code pane with node i.
function showCode(app, i) {
  const box = byId('code');
  box.replaceChildren();
  box.scrollTop = 0;
  const { model } = app;
  if (i === undefined) {
    box.append(el('p', { class: 'empty' }, t('Choose a function: its code, who calls it and what it calls appear here.')));
    return;
  }
  const n = model.nodes[i];
  box.append(
    el('h2', { class: 'p' + (n.program % 8) }, el('span', { class: 'program' }, model.program(i)), ' ', breaks(n.name)),
    el('p', { class: 'func' }, breaks(n.func)),
    el('p', { class: 'place' }, placeLink(model, n.file, n.line)),
    el('p', { class: 'acts' },
      el('button', { type: 'button', on: { click: () => app.go({ mode: 'graph', graph: 'around' }) } }, t('Graph')),
      el('button', { type: 'button', on: { click: () => app.go({ mode: 'callers' }) } }, t('Who calls this')),
      el('button', { type: 'button', on: { click: () => app.go({ mode: 'path', from: model.key(i) }) } }, t('Path from here')),
      el('button', { type: 'button', on: { click: () => app.go({ mode: 'path', to: model.key(i) }) } }, t('Path to here')),
      n.file < 0 ? '' : copier(t('Copy place'), () => model.place(n.file, n.line)),
      copier(t('Copy link'), () => { app.go({ at: model.key(i) }, { replace: true }); return location.href; }),
      ...ways(app, i)),
  );
  for (const e of n.does || []) box.append(el('p', { class: 'does' }, `${e.verb} `, el('code', {}, breaks(e.what)), ' ' + t('at line %d', e.line)));
  for (const g of model.gapsAfter.get(i) || []) {
    box.append(el('div', { class: 'gap' }, el('strong', {}, t('Gap')), ` ${g.kind} `, g.detail ? el('code', {}, g.detail) : '', el('br'), g.reason, g.hint ? el('p', {}, t('To close it: '), el('code', {}, g.hint)) : ''));
  }
  const calls = model.callees(i);
  const own = callsIn(model, i);
  const code = el('div', {});
  box.append(code);
  if (n.code) code.append(codeLines(model, n.code, own, app.select));
  else if (n.codeAt !== undefined) loadCode(app, i).then(() => { if (code.isConnected && n.code) app.code(); });
  else code.append(el('p', { class: 'empty' }, t(n.file < 0 ? 'This function has no file.' : 'The trace holds no code of this function.')));
  if (app.config.place === 'serve' && n.file >= 0) {
    const whole = el('button', { type: 'button', on: { click: () => wholeFile(app, i, code, whole) } }, t('Whole function'));
    box.querySelector('.acts').append(whole);
  }
  edgeList(app, box, t('Called by'), model.callers(i), (e) => e.from);
  edgeList(app, box, t('Calls'), calls, (e) => e.to);
}

// ways lead out of the page: to where the file is published, into the editor.
function ways(app, i) {
  const { model } = app;
  const n = model.nodes[i];
  if (n.file < 0) return [];
  const web = model.web(n.file, n.line);
  const editor = editorLink(app, i);
  return [
    web ? el('a', { class: 'act', href: web, rel: 'noreferrer', target: '_blank' }, t('On the web')) : '',
    editor ? el('a', { class: 'act', href: editor }, t('Open in editor')) : '',
    el('button', { type: 'button', on: { click: () => editorSettings(app) } }, t('Editor…')),
  ];
}

// callsIn is the calls that stand in a function's own file.
function callsIn(model, i) {
  return (model.out.get(i) || []).filter((e) => e.file === model.nodes[i].file && !e.over);
}

// wholeFile asks the server for all lines of a function.
async function wholeFile(app, i, box, button) {
  const { model } = app;
  const n = model.nodes[i];
  button.disabled = true;
  const query = new URLSearchParams({ program: app.model.program(i), file: model.file(n.file) });
  try {
    const answer = await fetch(app.config.base + 'source?' + query);
    const text = await answer.text();
    if (!answer.ok) throw new Error(text.trim());
    const lines = text.split('\n').slice(n.line - 1, Math.max(n.end, n.line)).map((t, k) => [n.line + k, t]);
    box.replaceChildren(codeLines(model, lines, callsIn(model, i), app.select));
  } catch (e) {
    box.append(el('p', { class: 'gap', role: 'alert' }, e.message));
  }
}

function edgeList(app, box, name, edges, end) {
  const { model } = app;
  if (!edges.length) return;
  const list = el('ul', { class: 'edges' });
  limited(list, edges, (e) => {
    const other = model.nodes[end(e)];
    return el('li', { class: 'p' + (other.program % 8) },
      el('button', { type: 'button', class: 'row' + (e.leaves ? ' leaves' : ''), on: { click: () => app.select(end(e)) } },
        other.program !== model.nodes[end(e) === e.to ? e.from : e.to].program ? el('span', { class: 'program' }, model.program(end(e))) : '',
        el('span', { class: 'name' }, breaks(other.name)),
        el('small', {}, breaks([says(e), model.place(e.file, e.line)].filter(Boolean).join(' · '))),
        e.under ? el('small', { class: 'if' }, breaks(e.under.join('; '))) : '',
        e.made ? el('small', { class: 'made' }, breaks(t('called on what comes from ') + e.made.map((m) => `${m.name} (${model.place(m.file, m.at)})`).join(' ← '))) : ''));
  }, 40);
  box.append(el('h3', {}, `${name} (${edges.length})`), list);
}
