// The route in other forms, as text: what is shown, under the filters that are
// set. They say what callroute's formats of these names say.

// laneColors are background and border of the programs, as in callroute's other
// pictures.
const laneColors = [
  ['#eef4fd', '#3567a8'], ['#fdf2e9', '#b0621c'], ['#edf7ee', '#39803f'], ['#f6effa', '#7c4a98'],
  ['#fdeef0', '#ab3a4a'], ['#eef7f8', '#2b7a83'], ['#f7f5e8', '#857423'],
];

const sent = (e) => [e.kind, brief(e)].filter(Boolean).join(' ');

// mermaidText makes text safe inside Mermaid's quotes.
function mermaidText(text) {
  return text.replace(/[\u0000-\u001f]/g, ' ').replace(/[#&<>"`{};%\\]/g, (c) => `#${c.codePointAt(0)};`);
}

function mermaidOf(model) {
  const out = [`%% ${mermaidText(model.data.title)}`, 'flowchart TB'];
  const lanes = new Map();
  const colored = [];
  model.sections(model.route).forEach((s, number) => {
    if (!lanes.has(s.program)) lanes.set(s.program, lanes.size);
    const [fill, line] = laneColors[lanes.get(s.program) % laneColors.length];
    out.push(`  subgraph lane${number}["${mermaidText(model.data.programs[s.program].name)}"]`);
    s.steps.forEach((i, k) => {
      const n = model.nodes[i];
      const at = s.first + k;
      out.push(`    n${at}["${mermaidText(fitName(n.name, 44))}<br/><small>${mermaidText(fit(model.place(n.file, n.line), 52))}</small>"]:::lane${lanes.get(s.program)}`);
      const e = at && model.edge(model.route[at - 1], i);
      if (at) colored.push(`  n${at - 1} ${e && e.leaves ? '==>' : '-->'}${e && e.leaves ? `|"${mermaidText(fit(sent(e), 38))}"|` : ''} n${at}`);
    });
    out.push('  end', `  style lane${number} fill:${fill},stroke:${line},color:#1c1c1c`);
  });
  for (const lane of lanes.values()) {
    const [, line] = laneColors[lane % laneColors.length];
    out.push(`  classDef lane${lane} fill:#ffffff,stroke:${line},color:#1c1c1c`);
  }
  return [...out, ...colored, ''].join('\n');
}

// plantText keeps PlantUML from reading text as its markup.
function plantText(text) {
  return text.replace(/[\u0000-\u001f]/g, ' ').replace(/[*/_\-~"'<>[\]{}|\\!@#=]/g, (c) => `<U+${c.codePointAt(0).toString(16).toUpperCase().padStart(4, '0')}>`);
}

function plantOf(model) {
  const sections = model.sections(model.route);
  const lanes = [...new Set(sections.map((s) => s.program))];
  const out = ['@startuml', `title ${plantText(model.data.title)}`, 'autonumber', 'hide footbox'];
  lanes.forEach((p, k) => out.push(`participant "${plantText(model.data.programs[p].name)}" as p${k}`));
  if (!lanes.length) out.push('participant "no step" as p0'); // an empty diagram is a syntax error
  sections.forEach((s, number) => {
    const lane = lanes.indexOf(s.program);
    if (number && s.by) out.push(`p${lanes.indexOf(sections[number - 1].program)} -> p${lane} : ${plantText(fit(sent(s.by), 76))}`);
    out.push(`note over p${lane}`, ...s.steps.map((i) => plantText(fitName(model.nodes[i].name, 44))), 'end note');
  });
  return [...out, '@enduml', ''].join('\n');
}

// markdownText keeps Markdown from reading a cell's text as markup.
const markdownText = (text) => text.replace(/[\\`*_{}[\]<>|#]/g, '\\$&').replace(/\s+/g, ' ');
const markdownCode = (text) => {
  const flat = text.replace(/\s+/g, ' ').replace(/\|/g, '\\|');
  const fence = '`'.repeat(1 + Math.max(0, ...[...flat.matchAll(/`+/g)].map((m) => m[0].length)));
  return fence.length > 1 ? `${fence} ${flat} ${fence}` : fence + flat + fence;
};

function markdownOf(model) {
  const out = [`# ${markdownText(model.data.title)}`, ''];
  const sections = model.sections(model.route);
  sections.forEach((s, number) => {
    if (number) {
      const e = s.by;
      out.push(`**${e ? e.kind : ''}** ${e && e.detail ? markdownCode(e.detail) : ''} → ${markdownText(model.data.programs[s.program].name)}`, '');
    }
    out.push(`## ${number + 1}. ${markdownText(model.data.programs[s.program].name)}`, '', `| ${t('Function')} | ${t('Place')} |`, '|---|---|');
    for (const i of s.steps) {
      const n = model.nodes[i];
      const at = model.place(n.file, n.line);
      const web = model.web(n.file, n.line);
      out.push(`| ${markdownCode(n.name)} | ${web ? `[${markdownText(at)}](${web.replace(/[()\s]/g, encodeURIComponent)})` : markdownCode(at)} |`);
    }
    out.push('');
    for (const i of s.steps) {
      const n = model.nodes[i];
      if (!n.code) continue;
      const lines = n.code.flatMap(([line, text], k) => (k && line !== n.code[k - 1][0] + 1 ? ['…', text] : [text]));
      const fence = lines.some((l) => l.includes('```')) ? '````' : '```';
      out.push(`### ${markdownCode(n.name)}`, '', markdownCode(model.place(n.file, n.line)), '', fence + 'go', ...lines, fence, '');
    }
    for (const i of s.steps) for (const g of model.gapsAfter.get(i) || []) out.push(`> **${t('Gap')}** ${g.kind} ${g.detail ? markdownCode(g.detail) : ''}: ${markdownText(g.reason)}`, '');
  });
  return out.join('\n');
}

// traceOf is the trace that callroute render reads: all that the page holds of
// it, whatever filters are set.
function traceOf(model) {
  const { data } = model;
  const given = (o) => Object.fromEntries(Object.entries(o).filter(([, v]) => v !== undefined && v !== ''));
  const site = (file, line) => ({ file: model.file(file), line });
  const id = (i) => i + 1;
  return {
    schema: 'callroute.trace/v1', program: data.program, command: data.command,
    components: data.programs.map((p) => ({ ...p })),
    nodes: data.nodes.map((n, i) => given({
      id: id(i), component: model.program(i), func: n.func, decl: n.decl, file: model.file(n.file), line: n.line, endLine: n.end,
      type: n.type && { name: n.type.name, ...site(n.type.file, n.type.line) }, does: n.does,
      code: n.code && n.code.map(([line, text]) => ({ line, text })),
    })),
    edges: data.edges.map((e) => given({
      from: id(e.from), to: id(e.to), kind: e.kind, site: site(e.file, e.line), detail: e.detail, rule: e.rule || 'vta', candidates: e.candidates || 1,
      registered: e.registered && e.registered.map(([file, line]) => site(file, line)), under: e.under,
      made: e.made && e.made.map((m) => ({ func: m.func, file: model.file(m.file), line: m.line, at: m.at })),
      origins: e.origins && e.origins.map(id), label: e.label, spine: e.spine,
    })),
    root: data.spine.length ? id(data.spine[0]) : 0, spine: data.spine.map(id),
    gaps: data.gaps.map((g) => given({ after: id(g.after), kind: g.kind, site: site(g.file, g.line), detail: g.detail, reason: g.reason, hint: g.hint })),
    dropped: { functions: data.leftOut.functions },
  };
}
