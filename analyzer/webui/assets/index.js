// The index: search in the list, dark and light, keys.
(() => {
  const root = document.documentElement;
  try {
    const theme = localStorage.getItem('callroute-theme');
    if (theme === 'dark' || theme === 'light') root.dataset.theme = theme;
  } catch {
    // No storage: the system's choice holds.
  }
  const switchTheme = () => {
    const dark = root.dataset.theme ? root.dataset.theme === 'dark' : matchMedia('(prefers-color-scheme: dark)').matches;
    root.dataset.theme = dark ? 'light' : 'dark';
    try {
      localStorage.setItem('callroute-theme', root.dataset.theme);
    } catch {
      // As above.
    }
  };
  const button = document.getElementById('theme');
  button.hidden = false;
  button.addEventListener('click', switchTheme);

  const q = document.getElementById('q');
  const items = [...document.querySelectorAll('.commands li')].map((li) => ({ li, text: li.textContent.toLowerCase() }));
  const search = () => {
    const words = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let n = 0;
    for (const { li, text } of items) {
      li.hidden = !words.every((w) => text.includes(w));
      if (!li.hidden) n++;
    }
    for (const part of document.querySelectorAll('.program-part, .program-part details')) {
      part.hidden = words.length > 0 && !part.querySelector('.commands li:not([hidden])');
    }
    document.getElementById('found-count').textContent = words.length ? `${n} found` : '';
    history.replaceState(null, '', q.value ? '#' + new URLSearchParams({ q: q.value }) : location.pathname + location.search);
  };
  if (q) {
    q.addEventListener('input', search);
    const asked = new URLSearchParams(location.hash.slice(1)).get('q');
    if (asked) {
      q.value = asked;
      search();
    }
    q.addEventListener('keydown', (e) => {
      if (e.key === 'Enter') items.find((i) => !i.li.hidden)?.li.querySelector('a')?.click();
      if (e.key === 'Escape') q.blur();
    });
  }
  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches('input')) return;
    if (e.key === '/' && q) {
      e.preventDefault();
      q.focus();
    } else if (e.key === 't') {
      switchTheme();
    } else if (e.key === 'j' || e.key === 'k') {
      const links = items.filter((i) => i.li.offsetParent !== null).map((i) => i.li.querySelector('a')).filter(Boolean);
      const at = links.indexOf(document.activeElement) + (e.key === 'j' ? 1 : -1);
      links[Math.min(Math.max(at, 0), links.length - 1)]?.focus();
    }
  });
})();
