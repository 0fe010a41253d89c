// What can be taken along: the route copied or downloaded in other forms, the
// place of a function, and the way into an editor.

// shareMenu fills the menu of the page.
function shareMenu(app) {
  const { model } = app;
  const file = model.data.title.replace(/[^A-Za-z0-9_.-]+/g, '-').replace(/^-|-$/g, '') || 'route';
  const download = (name, ending, make) => el('button', {
    type: 'button', data: { download: ending },
    on: {
      click: async () => {
        const blob = await make();
        const url = URL.createObjectURL(blob);
        const link = el('a', { href: url, download: `${file}.${ending}` });
        link.click();
        setTimeout(() => URL.revokeObjectURL(url), 10000);
      },
    },
  }, name);
  const text = (kind, make) => () => app.withCode().then(() => new Blob([make(model)], { type: kind }));
  byId('share-items').replaceChildren(
    el('p', {}, t('Copy as')), el('p', {},
      copier('Mermaid', () => mermaidOf(model)), copier('PlantUML', () => plantOf(model)), copier(t('Link'), () => location.href)),
    el('p', {}, t('Download')), el('p', {},
      download('SVG', 'svg', async () => new Blob([pictureFile(app, 838)], { type: 'image/svg+xml' })),
      download('PNG', 'png', () => pictureAsPNG(app, 838)),
      download('JSON', 'json', text('application/json', (m) => JSON.stringify(traceOf(m), null, ' ') + '\n')),
      download('Markdown', 'md', text('text/markdown', markdownOf))));
}

// copier is a button that puts a text on the clipboard, and says that it did.
// Where a page may not write there, the text is shown to be taken.
function copier(name, text) {
  const button = el('button', {
    type: 'button',
    on: {
      click: async () => {
        const taken = text();
        try {
          await navigator.clipboard.writeText(taken);
          button.textContent = t('Copied');
        } catch {
          byId('taken-text').value = taken;
          byId('taken').showModal();
          byId('taken-text').select();
        }
        setTimeout(() => { button.textContent = name; }, 1500);
      },
    },
  }, name);
  return button;
}

// pictureFile is the picture of the route as a file of its own, with the rules
// of the page that it needs: light or dark, or as its reader prefers.
function pictureFile(app, width, theme) {
  const drawing = routePicture(app, width, () => {});
  drawing.querySelectorAll('a').forEach((a) => {
    const i = a.dataset.node;
    const n = i === undefined ? undefined : app.model.nodes[i];
    const web = n ? app.model.web(n.file, n.line) : '';
    if (web) a.setAttribute('href', web);
    else a.replaceWith(...a.childNodes);
  });
  if (theme) drawing.dataset.theme = theme;
  drawing.prepend(svg('style', {}, pictureStyle), svg('rect', { class: 'ground', width: '100%', height: '100%' }));
  return new XMLSerializer().serializeToString(drawing);
}

// pictureAsPNG is the picture at twice its size, light or dark as the page is.
async function pictureAsPNG(app, width) {
  const image = new Image();
  image.src = 'data:image/svg+xml;charset=utf-8,' + encodeURIComponent(pictureFile(app, width, isDark() ? 'dark' : 'light'));
  await image.decode();
  const canvas = el('canvas', { width: image.naturalWidth * 2, height: image.naturalHeight * 2 });
  canvas.getContext('2d').drawImage(image, 0, 0, canvas.width, canvas.height);
  return new Promise((done, failed) => { canvas.toBlob((b) => (b ? done(b) : failed(new Error('the picture is too large'))), 'image/png'); });
}

// editors are the addresses by which editors open a file.
const editors = {
  vscode: ['VS Code', 'vscode://file/{path}:{line}'],
  goland: ['GoLand', 'goland://open?file={path}&line={line}'],
  zed: ['Zed', 'zed://file/{path}:{line}'],
};

// editorChoice is what the reader chose, else what the server says.
function editorChoice(app) {
  const chosen = stored('callroute-editor');
  try {
    if (chosen) return { folder: '', scheme: 'vscode', ...JSON.parse(chosen) };
  } catch {
    // Somebody else's; the usual choice will do.
  }
  return { scheme: app.config.editor || 'vscode', folder: '' };
}

// editorLink opens a place in the reader's editor, or is '' where it is not known
// where the file lies. A library's file is in no source tree.
function editorLink(app, i) {
  const { model } = app;
  const n = model.nodes[i];
  const name = model.file(n.file);
  if (!name || name.includes('@') || name.startsWith('$')) return '';
  const choice = editorChoice(app);
  const given = model.data.programs[n.program].dir;
  const root = choice.folder || (app.config.roots && app.config.roots[given]) || (/^\/|^[A-Za-z]:/.test(given || '') ? given : '');
  if (!root) return '';
  const whole = name.startsWith('/') ? name : root.replace(/[\\/]+$/, '') + '/' + name;
  const path = encodeURI(whole.replace(/\\/g, '/')).replace(/[?#]/g, encodeURIComponent);
  const template = editors[choice.scheme] ? editors[choice.scheme][1] : choice.scheme;
  const link = template.replace(template.includes('/{path}') ? /\/\{path\}/ : /\{path\}/, () => (template.includes('/{path}') ? '/' + path.replace(/^\//, '') : path)).replace('{line}', n.line);
  return /^[a-z][a-z0-9+.-]*:\/\//.test(link) && !/^(javascript|data|vbscript):/.test(link) ? link : '';
}

// editorSettings lets the reader choose an editor and say where the sources lie.
function editorSettings(app) {
  const choice = editorChoice(app);
  const own = !editors[choice.scheme];
  const select = byId('editor-scheme');
  select.replaceChildren(...Object.entries(editors).map(([key, [name]]) => el('option', { value: key, selected: key === choice.scheme }, name)),
    el('option', { value: '', selected: own }, t('other')));
  byId('editor-template').value = own ? choice.scheme : editors[choice.scheme][1];
  byId('editor-folder').value = choice.folder;
  select.onchange = () => { if (editors[select.value]) byId('editor-template').value = editors[select.value][1]; };
  byId('editor').onclose = () => {
    const template = byId('editor-template').value.trim();
    const known = Object.keys(editors).find((key) => editors[key][1] === template);
    store('callroute-editor', JSON.stringify({ scheme: known || template || 'vscode', folder: byId('editor-folder').value.trim() }));
    app.code();
  };
  byId('editor').showModal();
}
