// The route: a row for each process that can be folded, its steps in it,
// crossings between; and the trees "other calls" and "who calls this".

// mostFirst is how many steps of a process are shown before "more".
const mostFirst = 150;

function showRoute(app, box) {
  const { model, state } = app;
  const route = model.route;
  if (!route.length) {
    box.append(el('p', { class: 'empty' }, t(model.filtered ? 'Nothing is left; loosen the filters.' : 'The trace has no route.')));
    return;
  }
  routeRows(app, box, route, new Set((state.fold || '').split(',').filter(Boolean)));
}

// routeRows draws any way through the flow as a timeline.
function routeRows(app, box, route, folded) {
  const { model } = app;
  const sections = model.sections(route);
  sections.forEach((s, number) => {
    if (number) box.append(crossingRow(app, s.by, route[s.first - 1], s.steps[0]));
    const open = !folded.has(String(number + 1));
    const steps = el('ol', { class: 'steps-list', id: 'steps-' + number, hidden: !open });
    const head = el('button', {
      type: 'button', class: 'row process-row', 'aria-expanded': String(open), 'aria-controls': 'steps-' + number,
      data: { fold: number + 1 },
      on: {
        click: () => {
          const now = steps.hidden;
          steps.hidden = !now;
          head.setAttribute('aria-expanded', String(now));
          app.fold(number + 1, !now);
        },
      },
    },
    el('span', { class: 'number' }, number + 1), el('span', { class: 'name' }, model.data.programs[s.program].name),
    el('small', {}, s.steps.length === 1 ? t('1 step') : t('%d steps', s.steps.length)), bar(s, route.length));
    box.append(el('section', { class: 'process-part p' + (s.program % 8) }, el('h2', {}, head), steps));
    limited(steps, s.steps, (i, at) => {
      const before = at ? model.edge(s.steps[at - 1], i) : undefined;
      return stepRow(app, i, before, s.steps[at + 1] ?? (sections[number + 1] && sections[number + 1].steps[0]));
    }, mostFirst);
  });
}

// bar is where a process stands in the whole route.
function bar(s, total) {
  const wide = 100;
  return svg('svg', { class: 'bar', viewBox: `0 0 ${wide} 8`, preserveAspectRatio: 'none', 'aria-hidden': 'true' },
    svg('rect', { class: 'all', x: 0, y: 3, width: wide, height: 2 }),
    svg('rect', { class: 'own', x: (wide * s.first) / total, y: 0, width: Math.max((wide * s.steps.length) / total, 1.5), height: 8 }));
}

function crossingRow(app, e, from, to) {
  const { model } = app;
  const target = model.nodes[to];
  const registered = e && e.registered && e.registered[0];
  return el('div', { class: 'crossing-row p' + (target.program % 8) },
    el('button', { type: 'button', class: 'row', data: { cross: to }, title: t('Follow it to where it arrives'), on: { click: () => app.select(to) } },
      el('span', { class: 'arrow', 'aria-hidden': 'true' }, '↓'),
      el('span', { class: 'kind' }, e ? e.kind : t('to')),
      el('code', {}, breaks((e && e.detail) || '')),
      el('small', {}, `${model.program(from)} → ${model.program(to)}`),
      registered ? el('small', {}, breaks(t('registered at ') + model.place(registered[0], registered[1]))) : '',
      e && e.under ? el('small', { class: 'if' }, breaks(e.under.join('; '))) : ''));
}

// stepRow is one function of the route, with its other calls folded.
function stepRow(app, i, by, next) {
  const { model } = app;
  const n = model.nodes[i];
  const others = model.callees(i).filter((e) => e.to !== next);
  const item = el('li', { class: 'step p' + (n.program % 8) }, nodeRow(app, i, by));
  for (const e of (n.does || []).slice(0, 4)) item.append(el('small', { class: 'does' }, breaks(`${e.verb} ${e.what}`)));
  for (const g of model.gapsAfter.get(i) || []) {
    item.append(el('div', { class: 'gap' }, el('strong', {}, t('Gap')), ` ${g.kind} ${g.detail || ''}: ${g.reason}`));
  }
  if (others.length) {
    const unfold = tree(app, others, (e) => e.to, (j) => model.callees(j), new Set([i]));
    item.append(unfolder(t('other calls: %d', others.length), unfold));
  }
  return item;
}

function nodeRow(app, i, by, far) {
  const { model } = app;
  const n = model.nodes[i];
  return el('button', {
    type: 'button', class: 'row node-row' + (app.selected === i ? ' chosen' : ''), data: { node: i },
    'aria-current': app.selected === i ? 'true' : undefined, on: { click: () => app.select(i) },
  },
  far ? el('span', { class: 'program' }, model.program(i)) : '',
  el('span', { class: 'name' }, breaks(n.name)),
  el('small', { class: 'where' }, breaks(model.place(n.file, n.line))),
  n.ran ? el('small', { class: n.ran > 0 ? 'ran' : 'not-run' }, n.ran > 0 ? t('ran') : t('did not run this time')) : '',
  by && says(by) ? el('small', {}, breaks(says(by))) : '',
  by && by.under ? el('small', { class: 'if' }, breaks(by.under.join('; '))) : '');
}

// unfolder is a button that makes its content when it is first opened.
function unfolder(name, fill) {
  let box;
  const button = el('button', {
    type: 'button', class: 'row unfold', 'aria-expanded': 'false',
    on: {
      click: () => {
        if (!box) {
          box = el('ul', { class: 'tree' });
          fill(box);
          button.after(box);
          box.hidden = true;
        }
        box.hidden = !box.hidden;
        button.setAttribute('aria-expanded', String(!box.hidden));
      },
    },
  }, name);
  return button;
}

// tree lists edges, each with its own tree below it, made on demand. A
// function that stands above is not unfolded again.
function tree(app, edges, end, next, above) {
  const { model } = app;
  return (box) => limited(box, edges, (e) => {
    const i = end(e);
    const item = el('li', { class: 'p' + (model.nodes[i].program % 8) }, nodeRow(app, i, e, e.leaves));
    const below = next(i);
    if (above.has(i)) item.append(el('small', {}, t('again, see above')));
    else if (below.length) item.append(unfolder(String(below.length), tree(app, below, end, next, new Set([...above, i]))));
    return item;
  }, 60);
}

function showCallers(app, box) {
  const { model } = app;
  const i = app.selected ?? model.route[model.route.length - 1];
  if (i === undefined) {
    box.append(el('p', { class: 'empty' }, t('Choose a function first.')));
    return;
  }
  const callers = model.callers(i);
  box.append(el('h2', { class: 'head' }, t('Who calls '), el('code', {}, breaks(model.nodes[i].name))));
  if (!callers.length) box.append(el('p', { class: 'empty' }, t('Nothing on this route: it starts here.')));
  const list = el('ul', { class: 'tree open' });
  tree(app, callers, (e) => e.from, (j) => model.callers(j), new Set([i]))(list);
  box.append(list);
  const start = model.route[0];
  const way = start !== undefined && model.path(start, i);
  if (way && way.length > 1) {
    box.append(el('h2', { class: 'head' }, t('The shortest way to it')));
    routeRows(app, box, way, new Set());
  }
}

function showPath(app, box) {
  const { model, state } = app;
  const ends = {};
  const form = el('form', {
    class: 'path-form',
    on: {
      submit: (event) => {
        event.preventDefault();
        const keys = {};
        for (const end of ['from', 'to']) {
          const i = model.best(ends[end].value);
          keys[end] = i === undefined ? ends[end].value : model.key(i);
        }
        app.go({ ...keys, mode: 'path' });
      },
    },
  });
  for (const end of ['from', 'to']) {
    const i = state[end] ? model.best(state[end]) : end === 'from' ? model.route[0] : app.selected ?? model.route[model.route.length - 1];
    const shown = i === undefined ? state[end] || '' : model.program(i) + ':' + model.nodes[i].func;
    ends[end] = el('input', { id: 'path-' + end, value: shown, spellcheck: 'false', autocomplete: 'off' });
    form.append(el('label', { for: 'path-' + end }, t(end)), ends[end]);
  }
  form.append(el('button', {}, t('Find')));
  box.append(form);
  const [from, to] = ['from', 'to'].map((end) => model.best(ends[end].value));
  if (from === undefined || to === undefined) {
    box.append(el('p', { class: 'empty' }, t('Name two functions; a part of a name will do.')));
    return;
  }
  let way = model.path(from, to);
  if (!way) {
    way = model.path(to, from);
    box.append(el('p', { class: 'empty', role: 'status' }, t(way ? 'There is no way in this direction; this one leads back:' : model.filtered ? 'There is no way between them in this trace under these filters.' : 'There is no way between them in this trace.')));
  }
  if (way) routeRows(app, box, way, new Set());
}
