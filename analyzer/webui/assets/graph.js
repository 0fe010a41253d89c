// The graph: the whole route with what is one and two calls away from it,
// grouped by package; or what stands around one function, in columns from caller
// to callee. The browser places the boxes; only the lines are computed.

// mostInColumn is how many boxes a column holds before the rest is folded,
// mostInPackage how many functions a package.
const mostInColumn = 12;
const mostInPackage = 4;

function showGraph(app, box) {
  const { model, state } = app;
  if (!model.route.length) {
    box.append(el('p', { class: 'empty' }, t(model.filtered ? 'Nothing is left; loosen the filters.' : 'The trace has no route.')));
    return;
  }
  const around = state.graph === 'around';
  const i = app.selected ?? model.route[0];
  box.append(el('p', { class: 'choice', role: 'group', 'aria-label': t('Graph of') },
    el('button', { type: 'button', 'aria-pressed': String(!around), on: { click: () => app.go({ graph: '' }) } }, t('Whole route')),
    el('button', { type: 'button', 'aria-pressed': String(around), on: { click: () => app.go({ graph: 'around' }) } }, t('Around one function'))));
  const drawing = around ? graphAround(app, i) : graphOfRoute(app);
  zoomable(app, box, drawing.grid, {
    width: () => drawing.grid.offsetWidth, height: () => drawing.grid.offsetHeight,
    scale: (z) => {
      drawing.grid.style.zoom = z;
      requestAnimationFrame(drawing.wire);
    },
  });
  app.wire = drawing.wire;
  new ResizeObserver(drawing.wire).observe(drawing.grid);
}

// hops is how many calls each function is away from the route, up to most.
function hops(model, most) {
  const away = new Map(model.route.map((i) => [i, 0]));
  const queue = [...model.route];
  for (let q = 0; q < queue.length; q++) {
    const d = away.get(queue[q]);
    if (d === most) continue;
    for (const e of model.callees(queue[q])) {
      if (away.has(e.to)) continue;
      away.set(e.to, d + 1);
      queue.push(e.to);
    }
  }
  return away;
}

// graphOfRoute has a part for each process of the route: its functions on the
// left, in their order, and beside them the packages that they call.
function graphOfRoute(app) {
  const { model } = app;
  const away = hops(model, 2);
  const sections = model.sections(model.route);
  const wires = svg('svg', { class: 'wires', 'aria-hidden': 'true' });
  const grid = el('div', { class: 'whole' }, wires);
  const ends = new Map(); // where the lines of a function go: its row, or its package's head
  const first = new Set(); // programs whose neighbours are shown already
  const programs = new Map(); // what is one call away and two, by program
  for (const [i, d] of away) {
    if (!d) continue;
    const p = model.nodes[i].program;
    if (!programs.has(p)) programs.set(p, [[], []]);
    programs.get(p)[d - 1].push(i);
  }
  sections.forEach((s, number) => {
    if (number) grid.append(crossingRow(app, s.by, model.route[s.first - 1], s.steps[0]));
    const part = el('section', { class: 'part p' + (s.program % 8) },
      el('h2', {}, el('span', { class: 'number' }, number + 1), ' ', model.data.programs[s.program].name));
    const columns = el('div', { class: 'columns' });
    const own = el('div', { class: 'column' }, el('h3', {}, t('Route')));
    for (const run of runs(model, s.steps)) own.append(packageBox(app, run, ends, true));
    columns.append(own);
    const near = first.has(s.program) ? [[], []] : programs.get(s.program) || [[], []];
    first.add(s.program);
    [t('One call away'), t('Two calls away')].forEach((name, k) => {
      const column = el('div', { class: 'column' }, el('h3', {}, name));
      const groups = [...group(near[k], (i) => packageOf(model.nodes[i].func))].map(([name, nodes]) => ({ name, nodes }));
      limited(column, groups, (g) => packageBox(app, g, ends, false), mostInColumn);
      if (groups.length) columns.append(column);
    });
    part.append(columns);
    grid.append(part);
  });
  const edges = [];
  for (const [i, d] of away) {
    if (d > 1) continue;
    for (const e of model.callees(i)) if (!e.leaves && away.get(e.to) === d + 1) edges.push(e);
  }
  return { grid, wire: () => drawWires(app, grid, wires, edges, (i) => visible(ends.get(i))) };
}

// runs is steps that follow each other in one package.
function runs(model, steps) {
  const all = [];
  for (const i of steps) {
    const name = packageOf(model.nodes[i].func);
    if (!all.length || all[all.length - 1].name !== name) all.push({ name, nodes: [] });
    all[all.length - 1].nodes.push(i);
  }
  return all;
}

// packageOf is the import path in the full name of a function.
function packageOf(func) {
  const end = func.search(/[([]/);
  const path = end < 0 ? func : func.slice(0, end);
  const slash = path.lastIndexOf('/');
  const dot = path.indexOf('.', slash + 1);
  return dot < 0 ? path : path.slice(0, dot);
}

function packageBox(app, { name, nodes }, ends, whole) {
  const { model } = app;
  const short = name.split('/').slice(-2).join('/');
  const head = el('h4', { title: name }, breaks(short), nodes.length > 1 ? el('small', {}, ' ' + nodes.length) : '');
  const list = el('ul', {});
  for (const i of nodes) if (!ends.has(i)) ends.set(i, [head]);
  limited(list, nodes, (i) => {
    const row = nodeRow(app, i);
    ends.get(i).unshift(row);
    return el('li', {}, row);
  }, whole ? nodes.length : mostInPackage);
  return el('div', { role: 'group', class: 'package p' + (model.nodes[nodes[0]].program % 8) + (whole ? ' on-route' : ''), 'aria-label': short }, head, list);
}

const visible = (all) => all && all.find((x) => x.offsetParent !== null);

// graphAround has a function's callers on the left, what it calls on the right,
// and what those call.
function graphAround(app, i) {
  const { model } = app;
  const place = new Map();
  const columns = [[], [i], [], []];
  const edges = [];
  place.set(i, 1);
  const add = (column, j, e) => {
    if (!place.has(j)) {
      if (columns[column].length >= mostInColumn) return false;
      place.set(j, column);
      columns[column].push(j);
    }
    edges.push(e);
    return true;
  };
  const left = [0, 0, 0, 0];
  for (const e of telling(model, model.callers(i), (x) => x.from)) if (!add(0, e.from, e)) left[0]++;
  for (const e of telling(model, model.callees(i), (x) => x.to)) if (!add(2, e.to, e)) left[2]++;
  for (const j of columns[2]) {
    telling(model, model.callees(j), (x) => x.to).slice(0, 4).forEach((e) => {
      if (!add(3, e.to, e)) left[3]++;
    });
  }
  const names = [t('Callers'), t('Function'), t('Calls'), t('Their calls')];
  const wire = svg('svg', { class: 'wires', 'aria-hidden': 'true' });
  const grid = el('div', { class: 'graph' }, wire);
  const boxes = new Map();
  columns.forEach((column, c) => {
    const list = el('ul', { 'aria-label': names[c] });
    for (const j of column) {
      const by = edges.find((e) => (c === 0 ? e.from === j : e.to === j));
      const b = nodeRow(app, j, c === 1 ? undefined : by, c === 1 || model.nodes[j].program !== model.nodes[i].program);
      b.classList.add('box');
      if (model.onSpine.has(j)) b.classList.add('on-route');
      boxes.set(j, b);
      list.append(el('li', { class: 'p' + (model.nodes[j].program % 8) }, b));
    }
    if (left[c]) {
      const note = c === 3 ? t('%d more', left[c]) : el('button', { type: 'button', class: 'more', on: { click: () => (c === 0 ? app.go({ mode: 'callers' }) : byId('code').querySelector('.edges:last-of-type')?.scrollIntoView()) } }, t('%d more', left[c]));
      list.append(el('li', { class: 'rest' }, note));
    }
    grid.append(el('div', { class: 'column' }, el('h2', {}, names[c]), list));
  });
  return { grid, wire: () => drawWires(app, grid, wire, edges, (j) => visible([boxes.get(j)])) };
}

// telling sorts edges: what is on the route first, then crossings, then as in
// the source.
function telling(model, edges, end) {
  const weight = (e) => (model.onSpine.has(end(e)) ? 0 : 2) + (e.leaves ? 0 : 1);
  return [...edges].sort((a, b) => weight(a) - weight(b));
}

// drawWires draws lines to the right between what at gives for functions. Lines
// to the left are not drawn: the lists tell them.
function drawWires(app, grid, wires, edges, at) {
  wires.replaceChildren();
  const zoom = Number(grid.style.zoom) || 1;
  const frame = grid.getBoundingClientRect();
  wires.setAttribute('width', grid.scrollWidth);
  wires.setAttribute('height', grid.scrollHeight);
  const drawn = new Set();
  for (const e of edges) {
    const [a, b] = [at(e.from), at(e.to)];
    if (!a || !b || a === b) continue;
    const [from, to] = [a.getBoundingClientRect(), b.getBoundingClientRect()];
    if (to.left < from.right) continue;
    const x1 = (from.right - frame.left) / zoom;
    const x2 = (to.left - frame.left) / zoom;
    const y1 = (from.top + from.height / 2 - frame.top) / zoom;
    const y2 = (to.top + to.height / 2 - frame.top) / zoom;
    const bend = (x2 - x1) / 2;
    const d = `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}`;
    if (drawn.has(d)) continue; // calls of several functions of a folded package
    drawn.add(d);
    const near = e.from === app.selected || e.to === app.selected;
    wires.append(svg('path', { class: ['wire', e.leaves ? 'leaves' : e.kind, near ? 'near' : ''].join(' '), d }));
  }
}
