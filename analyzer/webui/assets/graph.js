// The graph: what stands around one function, in columns from caller to
// callee. The browser places the boxes; only the lines are computed, once.

// mostInColumn is how many boxes a column holds before the rest is folded.
const mostInColumn = 12;

function showGraph(app, box) {
  const { model } = app;
  const i = app.selected ?? model.route[0];
  if (i === undefined) {
    box.append(el('p', { class: 'empty' }, 'Choose a function first.'));
    return;
  }
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
  const names = ['Callers', 'Function', 'Calls', 'Their calls'];
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
      const note = c === 3 ? `${left[c]} more` : el('button', { type: 'button', class: 'more', on: { click: () => (c === 0 ? app.go({ mode: 'callers' }) : byId('code').querySelector('.edges:last-of-type')?.scrollIntoView()) } }, `${left[c]} more`);
      list.append(el('li', { class: 'rest' }, note));
    }
    grid.append(el('div', { class: 'column' }, el('h2', {}, names[c]), list));
  });
  box.append(grid);
  requestAnimationFrame(() => drawWires(grid, wire, edges, boxes));
}

// telling sorts edges: what is on the route first, then crossings, then as in
// the source.
function telling(model, edges, end) {
  const weight = (e) => (model.onSpine.has(end(e)) ? 0 : 2) + (e.leaves ? 0 : 1);
  return [...edges].sort((a, b) => weight(a) - weight(b));
}

function drawWires(grid, wire, edges, boxes) {
  wire.replaceChildren();
  const frame = grid.getBoundingClientRect();
  wire.setAttribute('width', grid.scrollWidth);
  wire.setAttribute('height', grid.scrollHeight);
  for (const e of edges) {
    const a = boxes.get(e.from);
    const b = boxes.get(e.to);
    if (!a?.offsetParent || !b?.offsetParent || a === b) continue;
    const from = a.getBoundingClientRect();
    const to = b.getBoundingClientRect();
    if (to.left <= from.left) continue; // back to the left: the lists tell it
    const x1 = from.right - frame.left;
    const x2 = to.left - frame.left;
    const y1 = from.top + from.height / 2 - frame.top;
    const y2 = to.top + to.height / 2 - frame.top;
    const bend = (x2 - x1) / 2;
    wire.append(svg('path', { class: 'wire ' + (e.leaves ? 'leaves' : e.kind), d: `M${x1} ${y1}C${x1 + bend} ${y1} ${x2 - bend} ${y2} ${x2} ${y2}` }));
  }
}
