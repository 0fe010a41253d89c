// The page: its words, making elements, the address, what the browser remembers.

// t is a text in the language of the page, with values for each %d or %s.
function t(text, ...values) {
  let at = 0;
  return (words[text] || text).replace(/%[ds]/g, () => String(values[at++]));
}

// el makes an element. Text is always text: names come from source code that
// may hold anything.
function el(tag, props, ...children) {
  const e = document.createElement(tag);
  for (const [name, value] of Object.entries(props || {})) {
    if (value === undefined || value === null || value === false) continue;
    if (name === 'on') for (const [event, f] of Object.entries(value)) e.addEventListener(event, f);
    else if (name === 'data') Object.assign(e.dataset, value);
    else if (name === 'class') e.className = value;
    else e.setAttribute(name, value === true ? '' : String(value));
  }
  for (const c of children.flat()) if (c !== undefined && c !== null && c !== '') e.append(c);
  return e;
}

function svg(tag, props, ...children) {
  const e = document.createElementNS('http://www.w3.org/2000/svg', tag);
  for (const [name, value] of Object.entries(props || {})) e.setAttribute(name, String(value));
  e.append(...children);
  return e;
}

const byId = (id) => document.getElementById(id);

// breaks puts points into a long name where a line may end.
function breaks(text) {
  const parts = String(text).split(/(?<=\/)|(?<=[.)])(?!go(?::|$)|\.)/);
  return parts.flatMap((p, i) => (i ? [document.createElement('wbr'), p] : [p]));
}

// limited lists items, the first of them at once and more on demand: a long
// list freezes nothing.
function limited(parent, items, make, first = 100) {
  let shown = 0;
  const more = el('button', { class: 'more', type: 'button', on: { click: () => show(400) } });
  const show = (n) => {
    const end = Math.min(items.length, shown + n);
    for (; shown < end; shown++) more.before(make(items[shown], shown));
    more.textContent = t('%d more', items.length - shown);
    more.hidden = shown >= items.length;
  };
  parent.append(more);
  show(first);
  return parent;
}

// readAddress is the state that the address holds after the #.
function readAddress() {
  return Object.fromEntries(new URLSearchParams(location.hash.slice(1)));
}

// writeAddress puts the state into the address; what is empty is left out.
function writeAddress(state, { replace }) {
  const p = new URLSearchParams();
  for (const [k, v] of Object.entries(state)) if (v) p.set(k, v);
  const hash = '#' + p.toString().replace(/%2F/g, '/').replace(/%3A/g, ':').replace(/%2C/g, ',').replace(/%28/g, '(').replace(/%29/g, ')').replace(/%2A/g, '*');
  if (hash === location.hash) return;
  if (replace) history.replaceState(null, '', hash);
  else history.pushState(null, '', hash);
}

// stored and store are what the browser remembers. A page from a disk may have no
// storage: then a choice lasts as long as the page.
const remembered = {};
function stored(name) {
  try {
    return localStorage.getItem(name) ?? remembered[name];
  } catch {
    return remembered[name];
  }
}
function store(name, value) {
  remembered[name] = value;
  try {
    localStorage.setItem(name, value);
  } catch {
    // As above.
  }
}

function isDark() {
  const { theme } = document.documentElement.dataset;
  return theme ? theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
}

function switchTheme() {
  const theme = isDark() ? 'light' : 'dark';
  document.documentElement.dataset.theme = theme;
  store('callroute-theme', theme);
}

function savedTheme() {
  const theme = stored('callroute-theme');
  if (theme === 'dark' || theme === 'light') document.documentElement.dataset.theme = theme;
}
