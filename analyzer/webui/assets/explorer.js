// The explorer: state, which is all in the address; keys; and what shows what.

class Explorer {
  constructor(data, config) {
    this.config = config;
    this.model = new Model(data);
    this.state = {};
    this.select = this.select.bind(this);
  }

  start() {
    for (const id of ['show-article', 'show-explorer', 'theme', 'help', 'share']) byId(id).hidden = false;
    shareMenu(this);
    byId('show-article').addEventListener('click', () => this.go({ view: 'article' }));
    byId('show-explorer').addEventListener('click', () => this.go({ view: 'explorer' }));
    byId('theme').addEventListener('click', switchTheme);
    byId('help').addEventListener('click', () => byId('keys').showModal());
    document.querySelector('[data-mode=compare]').hidden = this.config.place === 'file';
    for (const b of document.querySelectorAll('.modes button')) b.addEventListener('click', () => this.go({ mode: b.dataset.mode, pane: 'route' }));
    for (const b of document.querySelectorAll('.panes-choice button')) b.addEventListener('click', () => this.go({ pane: b.dataset.pane }, { replace: true }));
    const typed = later(() => this.go({ q: byId('q').value }, { replace: true }), 120);
    byId('q').addEventListener('input', typed);
    byId('q').addEventListener('keydown', (e) => {
      if (e.key === 'Enter') byId('found').querySelector('.row')?.click();
      if (e.key === 'ArrowDown') byId('found').querySelector('.row')?.focus();
    });
    const filter = later(() => this.go(Object.fromEntries(['focus', 'ignore', 'show', 'hide'].map((n) => [n, byId(n).value])), { replace: true }), 250);
    for (const n of ['focus', 'ignore', 'show', 'hide']) byId(n).addEventListener('input', filter);
    byId('clear').addEventListener('click', () => this.go({ focus: '', ignore: '', show: '', hide: '' }));
    document.addEventListener('keydown', (e) => this.key(e));
    addEventListener('popstate', () => this.read());
    addEventListener('hashchange', () => this.read());
    paintArticle();
    fillArticle(this);
    this.read();
  }

  // read takes the state from the address.
  read() {
    if (/^#(process-\d+|article|main)$/.test(location.hash)) {
      this.apply({ view: 'article' });
      return;
    }
    this.apply(readAddress());
  }

  // go changes some of the state, and the address with it.
  go(change, how = {}) {
    const state = { ...this.state, ...change };
    if (change.view === undefined && state.view === 'article') state.view = 'explorer';
    this.write(state, how);
    this.apply(state);
  }

  // write puts a state into the address, without what goes without saying.
  write(state, how) {
    const usual = { view: this.first(), mode: 'picture', pane: 'route' };
    writeAddress(Object.fromEntries(Object.entries(state).filter(([k, v]) => v !== usual[k])), how);
  }

  // first is the view without an address: a file is read first.
  first() { return this.config.place === 'serve' ? 'explorer' : 'article'; }

  // select chooses a node and shows its code.
  select(i) { this.go({ at: this.model.key(i), pane: 'code' }); }

  fold(number, folded) {
    const set = new Set((this.state.fold || '').split(',').filter(Boolean));
    if (folded) set.add(String(number));
    else set.delete(String(number));
    this.state.fold = [...set].sort((a, b) => a - b).join(',');
    this.write(this.state, { replace: true });
  }

  apply(state) {
    const old = this.state;
    const fresh = this.applied === undefined;
    this.applied = true;
    this.state = { ...state, view: state.view || this.first(), mode: state.mode || 'picture', pane: state.pane || 'route' };
    const now = this.state;
    const changed = (...names) => fresh || names.some((n) => (old[n] || '') !== (now[n] || ''));
    byId('article').hidden = now.view !== 'article';
    byId('explorer').hidden = now.view === 'article';
    byId('show-article').setAttribute('aria-pressed', String(now.view === 'article'));
    byId('show-explorer').setAttribute('aria-pressed', String(now.view !== 'article'));
    document.body.classList.toggle('exploring', now.view !== 'article');
    for (const b of document.querySelectorAll('[data-mode]')) b.setAttribute('aria-pressed', String(b.dataset.mode === now.mode));
    for (const b of document.querySelectorAll('[data-pane]')) b.setAttribute('aria-pressed', String(b.dataset.pane === now.pane));
    byId('explorer').dataset.shown = now.pane;
    for (const n of ['q', 'focus', 'ignore', 'show', 'hide']) {
      if (document.activeElement !== byId(n)) byId(n).value = now[n] || '';
    }
    if (now.view === 'article') return this.drawn = false;
    const again = !this.drawn;
    this.drawn = true;
    const filters = again || changed('focus', 'ignore', 'show', 'hide');
    if (filters) this.filter();
    this.selected = now.at ? this.model.byKey(now.at) : undefined;
    if (filters || changed('q')) this.search();
    const follows = now.mode === 'callers' || now.mode === 'path' || (now.mode === 'graph' && now.graph === 'around');
    const whole = filters || changed('mode', 'from', 'to', 'with', 'fold', 'graph') || (changed('at') && follows);
    if (whole) this.show();
    if (whole || changed('at')) {
      this.mark();
      this.code();
    }
  }

  // code shows the chosen function; before anything is chosen, the first of the
  // route.
  code() { showCode(this, this.selected ?? this.model.route[0]); }

  // withCode waits until the code of the route is there.
  async withCode() {
    await Promise.all(this.model.route.map((i) => loadCode(this, i)));
  }

  filter() {
    byId('filter-error').textContent = '';
    try {
      this.model.setFilters(this.state);
    } catch (e) {
      byId('filter-error').textContent = e.message;
    }
    const on = ['focus', 'ignore', 'show', 'hide'].filter((n) => this.state[n]);
    byId('filters-on').textContent = on.length ? `(${on.join(', ')})` : '';
    if (on.length) byId('filters').open = true;
    const { model } = this;
    const out = model.data.leftOut;
    byId('status').textContent = [
      t('%d of %d functions', model.keep.size, model.nodes.length),
      t('%d on the route', model.route.length),
      out.nodes ? t('left out: %d functions and %d calls far from the route', out.nodes, out.edges) : '',
    ].filter(Boolean).join(' · ');
  }

  search() {
    const text = this.state.q || '';
    const found = this.model.search(text);
    const list = el('ul', { class: 'results' });
    limited(list, found, (f) => {
      if (f.node !== undefined) return el('li', { class: 'p' + (this.model.nodes[f.node].program % 8) }, nodeRow(this, f.node, undefined, true));
      const e = f.edge;
      return el('li', { class: 'p' + (this.model.nodes[e.to].program % 8) },
        el('button', { type: 'button', class: 'row cross', data: { cross: e.to }, on: { click: () => this.select(e.to) } },
          el('span', { class: 'kind' }, e.kind), ' ', el('code', {}, breaks(e.detail || '')),
          el('small', {}, breaks('→ ' + this.model.nodes[e.to].name))));
    }, 60);
    byId('found').replaceChildren(list);
    byId('found').scrollTop = 0;
    byId('found-count').textContent = t(text ? '%d found' : '%d functions', found.length);
  }

  show() {
    const box = byId('view');
    const at = [box.scrollLeft, box.scrollTop];
    box.replaceChildren();
    this.zoom = this.wire = undefined;
    const modes = { picture: showPicture, route: showRoute, graph: showGraph, callers: showCallers, path: showPath, compare: showCompare };
    (modes[this.state.mode] || showPicture)(this, box);
    if (this.shown === this.state.mode) [box.scrollLeft, box.scrollTop] = at;
    this.shown = this.state.mode;
  }

  // mark shows which row is chosen, in all lists.
  mark() {
    for (const row of document.querySelectorAll('[data-node]')) {
      const chosen = Number(row.dataset.node) === this.selected;
      row.classList.toggle('chosen', chosen);
      if (chosen) row.setAttribute('aria-current', 'true');
      else row.removeAttribute('aria-current');
    }
    this.wire?.();
    byId('view').querySelector('.node-row.chosen')?.scrollIntoView({ block: 'nearest', inline: 'nearest' });
  }

  // rows are what j and k walk over: in the pane with the focus, or in the
  // view.
  rows() {
    const pane = document.activeElement.closest('.pane') || byId('route-pane');
    return [...pane.querySelectorAll('.row, .more')].filter((r) => r.offsetParent !== null);
  }

  step(by) {
    const rows = this.rows();
    let at = rows.indexOf(document.activeElement);
    if (at < 0) at = rows.findIndex((r) => r.classList.contains('chosen')) - (by > 0 ? 0 : -1);
    if (at < 0 && by < 0) at = 0;
    const row = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
    if (!row) return;
    row.focus();
    row.scrollIntoView({ block: 'nearest' });
  }

  // toggle folds or unfolds the row with the focus, or what is below it.
  toggle(open) {
    const row = document.activeElement;
    const fold = row.matches('[aria-expanded]') ? row : row.parentElement?.querySelector(':scope > [aria-expanded]');
    if (fold && (fold.getAttribute('aria-expanded') === 'true') !== open) {
      fold.click();
    } else if (!open) {
      const above = row.closest('ul.tree, ol.steps-list');
      (above?.previousElementSibling || above?.parentElement?.querySelector('.process-row'))?.focus();
    }
  }

  key(e) {
    if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector('dialog[open]')) return;
    const field = e.target.matches('input, select, textarea');
    if (e.key === 'Escape') {
      if (field) {
        e.target.blur();
        e.preventDefault();
      }
      return;
    }
    if (field) return;
    const to = (mode) => () => {
      this.go({ view: 'explorer', mode, pane: 'route' });
      byId('view').focus();
    };
    const acts = {
      '/': () => {
        this.go({ view: 'explorer', pane: 'search' }, { replace: true });
        byId('q').focus();
        byId('q').select();
      },
      '?': () => byId('keys').showModal(),
      j: () => this.step(1),
      k: () => this.step(-1),
      l: () => this.toggle(true),
      h: () => this.toggle(false),
      v: to('picture'),
      r: to('route'),
      g: to('graph'),
      c: to('callers'),
      p: to('path'),
      d: this.config.place === 'file' ? undefined : to('compare'),
      e: () => this.go({ view: 'explorer' }),
      a: () => this.go({ view: 'article' }),
      t: switchTheme,
      '+': this.zoom && (() => this.zoom(1.25)),
      '-': this.zoom && (() => this.zoom(1 / 1.25)),
      f: () => {
        this.go({ view: 'explorer', pane: 'search' }, { replace: true });
        byId('filters').open = true;
        byId('focus').focus();
      },
    };
    const act = acts[e.key];
    if (!act || (this.state.view === 'article' && 'jklh'.includes(e.key))) return;
    e.preventDefault();
    act();
  }
}

// later calls f when there was quiet for some milliseconds.
function later(f, ms) {
  let timer;
  return () => {
    clearTimeout(timer);
    timer = setTimeout(f, ms);
  };
}

// fillArticle puts code and other calls into an article that does not hold them:
// code when it comes into sight, calls when they are unfolded.
function fillArticle(app) {
  const { model } = app;
  const seen = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      seen.unobserve(target);
      const i = model.data.spine[target.dataset.step];
      loadCode(app, i).then(() => {
        const { code } = model.nodes[i];
        if (!code) return target.remove();
        const lines = codeLines(model, code, [], app.select);
        const called = model.edge(i, model.data.spine[Number(target.dataset.step) + 1]);
        if (called && called.file === model.nodes[i].file) lines.querySelector(`[data-line="${called.line}"]`)?.classList.add('call');
        lines.tabIndex = 0;
        lines.setAttribute('role', 'region');
        lines.setAttribute('aria-label', model.nodes[i].name);
        target.replaceWith(lines);
      });
    }
  }, { rootMargin: '600px' });
  for (const pre of document.querySelectorAll('#article pre[data-step]')) seen.observe(pre);
  for (const fold of document.querySelectorAll('#article details[data-calls]')) {
    fold.addEventListener('toggle', () => {
      if (fold.childElementCount > 1) return;
      const i = model.data.spine[fold.dataset.calls];
      const next = model.data.spine[Number(fold.dataset.calls) + 1];
      const list = el('ul', { class: 'edges' });
      tree(app, model.callees(i).filter((e) => e.to !== next), (e) => e.to, (j) => model.callees(j), new Set([i]))(list);
      fold.append(list);
    });
  }
}

// paintArticle colours the code of the article.
function paintArticle() {
  for (const code of document.querySelectorAll('#article .code')) {
    const raw = { open: false };
    for (const line of code.querySelectorAll('.l')) {
      if (line.classList.contains('gap-line')) raw.open = false;
      else line.querySelector('b').replaceChildren(...painted(line.querySelector('b').textContent, raw));
    }
  }
}

savedTheme();
const config = JSON.parse(byId('config').textContent);
const begin = (data) => {
  globalThis.callroute = new Explorer(data, config);
  globalThis.callroute.start();
};
if (!byId('explorer').childElementCount) {
  // Fixed text of ours, in which no name of a source stands.
  byId('explorer').innerHTML = panes;
  document.body.insertAdjacentHTML('beforeend', dialogs);
}
const own = JSON.parse(byId('data').textContent);
if (config.place === 'site') unpacked(config.base, 'store').then((store) => begin(wholeData(own, store)));
else begin(own);
