// The picture of the route, from top to bottom: a box for each process with its
// first and last functions, between the boxes what crosses. It is SVG, which can
// be zoomed, clicked and taken along (share.js).

// Sizes in pixels. A letter is as wide as in any font of fixed width at 12px.
const sizes = { letter: 7.25, row: 20, head: 26, pad: 12, shift: 14, gap: 46, narrowest: 300, widest: 860 };

// So many functions are named at the start and at the end of a process that is
// not unfolded, and at the end of the last, where the work is done.
const named = { first: 2, last: 2, end: 4, effects: 4 };

function showPicture(app, box) {
  const { model } = app;
  if (!model.route.length) {
    box.append(el('p', { class: 'empty' }, t(model.filtered ? 'Nothing is left; loosen the filters.' : 'The trace has no route.')));
    return;
  }
  app.unfolded ??= new Set();
  const wide = box.clientWidth - 24;
  const drawing = routePicture(app, Math.min(Math.max(wide, sizes.narrowest), sizes.widest), (number) => {
    app.unfolded.add(number);
    app.show();
    app.mark();
  });
  const [width, height] = ['width', 'height'].map((n) => Number(drawing.getAttribute(n)));
  zoomable(app, box, drawing, {
    width: () => width, height: () => height,
    scale: (z) => {
      drawing.setAttribute('width', width * z);
      drawing.setAttribute('height', height * z);
    },
  });
}

// routePicture draws the route of app.model, as wide as it is told.
function routePicture(app, width, unfold) {
  const { model } = app;
  const sections = model.sections(model.route);
  const drawing = svg('svg', { class: 'route-picture', xmlns: 'http://www.w3.org/2000/svg', role: 'group', 'aria-label': t('Picture of the route') });
  const lanes = [...new Set(sections.map((s) => s.program))];
  let y = 4;
  sections.forEach((s, number) => {
    // Each program stands a little further to the right than the one that asks it.
    const x = 2 + Math.min(lanes.indexOf(s.program), 6) * Math.min(sizes.shift, width / 40);
    if (number) y = pictureCrossing(drawing, s.by, x, y, width);
    y = pictureBox(app, drawing, s, { number, last: number === sections.length - 1, x, y, width: width - x - 2, unfold });
  });
  drawing.setAttribute('width', width);
  drawing.setAttribute('height', y + 4);
  drawing.setAttribute('viewBox', `0 0 ${width} ${y + 4}`);
  return drawing;
}

function pictureCrossing(drawing, e, x, y, width) {
  const at = x + sizes.pad + 6;
  const words = e ? `${e.kind} ${e.detail || ''}` : '';
  const short = e ? `${e.kind} ${brief(e)}` : '';
  drawing.append(
    svg('path', { class: 'arrow', d: `M${at} ${y}v${sizes.gap - 8}` }),
    svg('path', { class: 'tip', d: `M${at - 6} ${y + sizes.gap - 9}h12l-6 9z` }),
    svg('g', {}, svg('title', {}, words), pictureText(at + 14, y + sizes.gap / 2 + 4, 'said', fit(short, lettersIn(width - at - 16)))));
  return y + sizes.gap;
}

function pictureBox(app, drawing, s, at) {
  const { model } = app;
  const rows = pictureRows(app, s, at);
  const height = sizes.head + rows.length * sizes.row + 8;
  const group = svg('g', { class: 'box p' + (s.program % 8) },
    svg('rect', { class: 'frame', x: at.x, y: at.y, width: at.width, height, rx: 7 }),
    pictureText(at.x + sizes.pad, at.y + 19, 'head', fit(model.data.programs[s.program].name, lettersIn(at.width - 80))));
  drawing.append(group);
  rows.forEach((row, k) => group.append(pictureRow(app, row, { ...at, y: at.y + sizes.head + k * sizes.row })));
  return at.y + height;
}

// pictureRows is the lines of a box: functions, what they do, gaps after them,
// and one for those that are not named.
function pictureRows(app, s, at) {
  const { model } = app;
  const rows = [];
  const last = at.last ? named.end : named.last;
  const hidden = app.unfolded.has(at.number) ? 0 : s.steps.length - named.first - last;
  s.steps.forEach((i, k) => {
    if (hidden > 1 && k >= named.first && k < s.steps.length - last) {
      if (k === named.first) rows.push({ more: hidden });
      return;
    }
    rows.push({ node: i });
    if (k === s.steps.length - 1) for (const d of (model.nodes[i].does || []).slice(0, named.effects)) rows.push({ text: `${d.verb} ${d.what}`, class: 'does' });
    for (const g of model.gapsAfter.get(i) || []) rows.push({ text: `? ${g.kind} ${g.detail || ''}`, class: 'missing' });
  });
  return rows;
}

function pictureRow(app, row, at) {
  const { model } = app;
  const base = at.y + 14;
  const left = at.x + sizes.pad;
  const room = lettersIn(at.width - 2 * sizes.pad);
  if (row.text) return pictureText(left + sizes.pad, base, row.class, fit(row.text, room - 2));
  const area = svg('rect', { class: 'area', x: at.x + 4, y: at.y, width: at.width - 8, height: sizes.row, rx: 4 });
  if (row.more) {
    return pictureLink('more', undefined, () => at.unfold(at.number), [area, pictureText(left, base, 'more-text', t('… %d more functions', row.more))]);
  }
  const n = model.nodes[row.node];
  const full = model.place(n.file, n.line);
  const where = full.slice(full.lastIndexOf('/') + 1);
  const whole = room - n.name.length - 2 >= full.length ? full : where;
  const place = room > 52 || room - n.name.length - 2 >= where.length ? whole : '';
  const link = pictureLink('row node-row', row.node, () => app.select(row.node), [
    svg('title', {}, `${n.func}\n${full}`), area,
    pictureText(left, base, 'step', fitName(n.name, room - (place ? place.length + 2 : 0))),
    place ? pictureText(at.x + at.width - sizes.pad, base, 'place', place) : '',
  ]);
  link.setAttribute('href', '#' + new URLSearchParams({ view: 'explorer', at: model.key(row.node) }));
  return link;
}

// pictureLink is what can be clicked in a picture, or chosen with the keyboard.
function pictureLink(name, node, act, parts) {
  const link = svg('a', { class: name, href: '#', tabindex: 0 }, ...parts.filter(Boolean));
  if (node !== undefined) link.dataset.node = node;
  link.addEventListener('click', (e) => {
    e.preventDefault();
    e.stopPropagation();
    act();
  });
  return link;
}

function pictureText(x, y, name, text) { return svg('text', { x, y, class: name }, text); }

const lettersIn = (pixels) => Math.max(8, Math.floor(pixels / sizes.letter));

// brief is what crosses as it fits on an arrow: a command line loses what it may
// do without, and flags whose values nobody knows.
function brief(e) {
  if (e.kind !== 'exec') return e.detail || '';
  const kept = [];
  for (const w of (e.detail || '').split(/\s+/)) {
    if (w === '…' || /^\[.*\]$/.test(w)) continue;
    if (w === '*' && kept.length > 1 && kept[kept.length - 1].startsWith('--')) kept.pop();
    else kept.push(w);
  }
  return kept.join(' ');
}

// fit cuts text in the middle: its ends tell more than what is between. It cuts at
// the borders of names and of the parts of a path if one is near.
function fit(text, n) {
  const letters = [...text.trim()];
  if (letters.length <= n) return letters.join('');
  const border = (i) => ' /.()[]{}:,'.includes(letters[i]);
  let head = Math.floor((n - 1) / 2);
  let tail = letters.length - (n - 1 - head);
  for (let i = head; i > (head * 2) / 3; i--) {
    if (border(i - 1) || border(i)) {
      head = i;
      break;
    }
  }
  for (let i = tail; i < tail + (letters.length - tail) / 3; i++) {
    if (border(i)) {
      tail = i;
      break;
    }
  }
  return letters.slice(0, head).join('') + '…' + letters.slice(tail).join('');
}

// fitName shortens a name where names have borders: it loses its package before
// the type of a method loses a letter.
function fitName(name, n) {
  if (name.length <= n) return name;
  const dot = name.indexOf('.');
  const rest = name.slice(dot + 1);
  if (dot > 0 && !name.startsWith('(') && (rest.length <= n || /[.(]/.test(rest))) return fitName(rest, n);
  return fit(name, n);
}

// zoomable shows a drawing that can be made larger and smaller: by buttons, by
// the wheel with Ctrl, by + and -; and moved by dragging. scale makes it so many
// times its size.
function zoomable(app, box, drawing, { width, height, scale }) {
  app.zooms ??= {};
  const mode = app.state.mode;
  const shown = el('button', { type: 'button', title: t('Original size'), on: { click: () => zoom(1) } });
  const zoom = (z, x = 0, y = 0) => {
    const old = app.zooms[mode] || 1;
    const now = Math.min(Math.max(z, 0.2), 4);
    app.zooms[mode] = now;
    scale(now);
    shown.textContent = Math.round(now * 100) + '%';
    box.scrollLeft = ((box.scrollLeft + x) * now) / old - x;
    box.scrollTop = ((box.scrollTop + y) * now) / old - y;
  };
  app.zoom = (by) => zoom((app.zooms[mode] || 1) * by);
  const whole = () => zoom(Math.min((box.clientWidth - 24) / width(), (box.clientHeight - 50) / height(), 1));
  const bar = el('div', { class: 'zoom', role: 'group', 'aria-label': t('Zoom') },
    el('button', { type: 'button', 'aria-label': t('Smaller'), title: t('Smaller') + ' (-)', on: { click: () => app.zoom(1 / 1.25) } }, '−'),
    shown,
    el('button', { type: 'button', 'aria-label': t('Larger'), title: t('Larger') + ' (+)', on: { click: () => app.zoom(1.25) } }, '+'),
    el('button', { type: 'button', title: t('All of it in the window'), on: { click: whole } }, t('Fit')));
  const frame = el('div', { class: 'frame' }, drawing);
  box.append(bar, frame);
  zoom(app.zooms[mode] || 1);
  frame.addEventListener('wheel', (e) => {
    if (!e.ctrlKey) return;
    e.preventDefault();
    const at = box.getBoundingClientRect();
    zoom((app.zooms[mode] || 1) * (e.deltaY < 0 ? 1.1 : 1 / 1.1), e.clientX - at.left, e.clientY - at.top);
  }, { passive: false });
  draggable(box, frame);
}

// draggable moves what a box shows while the pointer is down on the ground.
function draggable(box, frame) {
  let from;
  frame.addEventListener('pointerdown', (e) => {
    if (e.button !== 0 || e.pointerType === 'touch' || e.target.closest('a, button')) return;
    from = { x: e.clientX + box.scrollLeft, y: e.clientY + box.scrollTop };
    frame.setPointerCapture(e.pointerId);
  });
  frame.addEventListener('pointermove', (e) => {
    if (!from) return;
    box.scrollLeft = from.x - e.clientX;
    box.scrollTop = from.y - e.clientY;
  });
  for (const end of ['pointerup', 'pointercancel']) frame.addEventListener(end, () => { from = undefined; });
}
