// The model: a flow's data, indexed, and the questions that are asked of it.
// It knows nothing of the page.

const withinProcess = new Set(['call', 'interface', 'closure', 'go', 'defer']);

// Model answers questions about one flow.
class Model {
  constructor(data) {
    this.data = data;
    this.nodes = data.nodes;
    this.edges = data.edges;
    this.onSpine = new Map(data.spine.map((n, i) => [n, i]));
    this.gapsAfter = group(data.gaps, (g) => g.after);
    this.keys = new Map();
    data.nodes.forEach((n, i) => {
      n.id = i;
      if (!this.keys.has(this.key(i))) this.keys.set(this.key(i), i);
    });
    this.setFilters({});
  }

  // key names a node in an address: it stays the same when the command is
  // traced again.
  key(i) { return this.program(i) + ':' + this.nodes[i].func; }
  byKey(key) { return this.keys.get(key); }
  program(i) { return this.data.programs[this.nodes[i].program].name; }
  file(i) { return i < 0 ? '' : this.data.files[i].name; }

  // place is where something stands, as compilers write it.
  place(file, line) { return file < 0 ? '?' : this.file(file) + ':' + line; }
  web(file, line) {
    const base = file < 0 ? '' : this.data.files[file].web;
    return base ? base + '#L' + line : '';
  }

  // setFilters narrows the flow, in pprof's words; it throws on a bad
  // expression and then changes nothing.
  setFilters(texts) {
    const at = {};
    for (const name of ['focus', 'ignore', 'show', 'hide']) {
      if (!texts[name]) continue;
      try {
        at[name] = new RegExp(texts[name]);
      } catch (e) {
        throw new Error(name + ': ' + e.message);
      }
    }
    const matches = (re, i) => {
      const n = this.nodes[i];
      return re.test(n.func) || re.test(this.program(i) + ' ' + n.func) || re.test(this.program(i) + ' ' + n.name);
    };
    let keep = new Set(this.nodes.keys());
    let edges = this.edges;
    if (at.ignore) {
      const gone = new Set([...keep].filter((i) => matches(at.ignore, i)));
      edges = edges.filter((e) => !gone.has(e.from) && !gone.has(e.to));
      const roots = this.starts().filter((i) => !gone.has(i));
      keep = reach(roots, (i) => i, edges, false);
    }
    if (at.focus) {
      const wanted = [...keep].filter((i) => matches(at.focus, i));
      const down = reach(wanted, (i) => i, edges, false);
      const up = reach(wanted, (i) => i, edges, true);
      keep = new Set([...keep].filter((i) => down.has(i) || up.has(i)));
      this.focused = wanted;
    } else {
      this.focused = [];
    }
    edges = edges.filter((e) => keep.has(e.from) && keep.has(e.to));
    if (at.show || at.hide) {
      const shown = new Set([...keep].filter((i) => (!at.show || matches(at.show, i)) && !(at.hide && matches(at.hide, i))));
      edges = joined(edges, keep, shown);
      keep = shown;
    }
    this.filtered = Object.keys(at).length > 0;
    this.keep = keep;
    this.out = group(edges, (e) => e.from);
    this.into = group(edges, (e) => e.to);
    this.decided = undefined;
    this.route = this.spine();
  }

  // starts are what nothing calls, with the first of the spine.
  starts() {
    const called = new Set(this.edges.map((e) => e.to));
    const all = [...this.nodes.keys()].filter((i) => !called.has(i));
    if (this.data.spine.length && called.has(this.data.spine[0])) all.unshift(this.data.spine[0]);
    return all;
  }

  // spine is the route that is left under the filters. If a focus is beside the
  // route, it leads there.
  spine() {
    const left = this.data.spine.filter((i) => this.keep.has(i));
    if (this.focused.length && !this.focused.some((i) => this.onSpine.has(i))) {
      let best = null;
      for (const to of this.focused) {
        if (!this.keep.has(to) || !left.length) continue;
        const way = this.path(left[0], to);
        if (way && (!best || way.length < best.length)) best = way;
        if (best && best.length <= 3) break;
      }
      if (best) return best;
    }
    const connected = [];
    for (const i of left) {
      if (connected.length) {
        const last = connected[connected.length - 1];
        if (!this.edge(last, i)) {
          // The route is cut; go around if there is a way.
          const way = this.path(last, i);
          if (!way) break;
          connected.push(...way.slice(1, -1));
        }
      }
      connected.push(i);
    }
    return connected;
  }

  // edge is the most telling of the edges between two nodes: the one that the
  // spine takes, or one that leaves the process.
  edge(from, to) {
    let best;
    for (const e of this.out.get(from) || []) {
      if (e.to !== to) continue;
      if (e.spine) return e;
      if (!best || (e.leaves && !best.leaves)) best = e;
    }
    return best;
  }

  // sections are the parts of a route inside one process.
  sections(route) {
    const all = [];
    route.forEach((i, at) => {
      const before = at > 0 ? this.edge(route[at - 1], i) : undefined;
      if (at === 0 || this.nodes[i].program !== this.nodes[route[at - 1]].program || (before && before.leaves)) {
        all.push({ program: this.nodes[i].program, first: at, steps: [], by: before });
      }
      all[all.length - 1].steps.push(i);
    });
    return all;
  }

  // path is the shortest way between two nodes, or null. Where several callers
  // share the function that sends, a request is followed only on a way through
  // the function that decides it. If there is no such way, because it begins
  // behind that function or a filter hides it, any way will do.
  path(from, to) {
    if (!this.keep.has(from) || !this.keep.has(to)) return null;
    return this.strictPath(from, to) || this.walk(from, to, (i) => (this.out.get(i) || []).map((e) => e.to));
  }

  // strictPath goes from where a crossing is decided straight to where it
  // arrives, and fills in what is between afterwards.
  strictPath(from, to) {
    this.decided = this.decided || this.decisions();
    const inside = (i) => (this.out.get(i) || []).filter((e) => !e.origins).map((e) => e.to);
    const way = this.walk(from, to, (i) => [...inside(i), ...(this.decided.get(i) || []).map((e) => e.to)]);
    if (!way) return null;
    const whole = [from];
    for (let at = 1; at < way.length; at++) {
      const [a, b] = [way[at - 1], way[at]];
      const plain = (this.out.get(a) || []).some((e) => e.to === b && !e.origins);
      const e = plain ? undefined : (this.decided.get(a) || []).find((x) => x.to === b);
      const between = e && e.from !== a ? this.walk(a, e.from, inside) : [];
      if (!between) return null;
      whole.push(...between.slice(1), b);
    }
    return whole;
  }

  // decisions lists crossings by the nodes that decide them.
  decisions() {
    const all = new Map();
    for (const edges of this.out.values()) {
      for (const e of edges) {
        for (const o of e.origins || []) {
          if (all.has(o)) all.get(o).push(e);
          else all.set(o, [e]);
        }
      }
    }
    return all;
  }

  // walk is the shortest way where next lists what follows a node, or null.
  walk(from, to, next) {
    const came = new Map([[from, -1]]);
    const queue = [from];
    for (let q = 0; q < queue.length && !came.has(to); q++) {
      for (const i of next(queue[q])) {
        if (came.has(i)) continue;
        came.set(i, queue[q]);
        queue.push(i);
      }
    }
    if (!came.has(to)) return null;
    const way = [];
    for (let i = to; i !== -1; i = came.get(i)) way.unshift(i);
    return way;
  }

  callees(i) { return unique(this.out.get(i) || [], (e) => e.to); }
  callers(i) { return unique(this.into.get(i) || [], (e) => e.from); }

  // search finds nodes and crossings for words that must all occur. What is in
  // the name counts more than what is in the path, the route more than the rest.
  search(text) {
    const words = text.toLowerCase().split(/\s+/).filter(Boolean);
    const found = [];
    if (!words.length) {
      const route = new Set(this.route);
      return [...this.route, ...[...this.keep].filter((i) => !route.has(i)).sort((a, b) => a - b)].map((node) => ({ node }));
    }
    for (const i of this.keep) {
      const n = this.nodes[i];
      const name = n.name.toLowerCase();
      const all = (this.program(i) + ' ' + n.func + ' ' + this.file(n.file)).toLowerCase();
      let score = this.onSpine.has(i) ? 3 : 0;
      if (!words.every((w) => {
        if (name.endsWith(w)) score += 6;
        else if (name.includes(w)) score += 4;
        return name.includes(w) || all.includes(w);
      })) continue;
      found.push({ node: i, score: score - name.length / 100 });
    }
    const seen = new Set();
    for (const edges of this.out.values()) {
      for (const e of edges) {
        const text = (e.kind + ' ' + (e.detail || '')).toLowerCase();
        const key = e.to + text;
        if (withinProcess.has(e.kind) || seen.has(key) || !words.every((w) => text.includes(w))) continue;
        seen.add(key);
        found.push({ edge: e, score: (e.leaves ? 8 : 2) + (this.onSpine.has(e.from) ? 3 : 0) });
      }
    }
    return found.sort((a, b) => b.score - a.score || (a.node ?? a.edge.to) - (b.node ?? b.edge.to));
  }

  // best is the node a person means with some words, or undefined.
  best(text) {
    const exact = this.byKey(text);
    if (exact !== undefined) return exact;
    const byName = this.nodes.find((n) => n.name === text && this.keep.has(n.id));
    if (byName) return byName.id;
    const first = text.trim() ? this.search(text).find((f) => f.node !== undefined) : undefined;
    return first && first.node;
  }
}

// group lists values by a key, in order.
function group(values, key) {
  const all = new Map();
  for (const v of values) {
    const k = key(v);
    if (all.has(k)) all.get(k).push(v);
    else all.set(k, [v]);
  }
  return all;
}

// unique keeps the first edge to each end, a crossing before a plain call.
function unique(edges, end) {
  const all = new Map();
  for (const e of edges) {
    const old = all.get(end(e));
    if (!old || (e.leaves && !old.leaves)) all.set(end(e), e);
  }
  return [...all.values()];
}

// reach is what can be reached from some nodes, forwards or backwards.
function reach(from, id, edges, backwards) {
  const next = group(edges, (e) => (backwards ? e.to : e.from));
  const seen = new Set(from.map(id));
  const queue = [...seen];
  for (let q = 0; q < queue.length; q++) {
    for (const e of next.get(queue[q]) || []) {
      const to = backwards ? e.from : e.to;
      if (seen.has(to)) continue;
      seen.add(to);
      queue.push(to);
    }
  }
  return seen;
}

// joined leads edges over nodes that are not shown. The edge that stands for
// several keeps what the most telling of them says.
function joined(edges, keep, shown) {
  const next = group(edges, (e) => e.from);
  const all = [];
  for (const from of shown) {
    const seen = new Set();
    const queue = [];
    const visit = (e, first) => {
      if (shown.has(e.to)) {
        if (e.from === from) all.push(e);
        else if (e.to !== from && !seen.has(-1 - e.to)) {
          seen.add(-1 - e.to);
          const told = e.leaves || !first.leaves ? e : first;
          all.push({ ...told, from, to: e.to, over: true, leaves: e.leaves || first.leaves, origins: undefined, file: first.file, line: first.line });
        }
      } else if (keep.has(e.to) && !seen.has(e.to)) {
        seen.add(e.to);
        queue.push([e.to, e.leaves ? { ...e, file: first.file, line: first.line } : first]);
      }
    };
    for (const e of next.get(from) || []) visit(e, e);
    for (let q = 0; q < queue.length; q++) {
      for (const e of next.get(queue[q][0]) || []) visit(e, queue[q][1]);
    }
  }
  return all;
}
