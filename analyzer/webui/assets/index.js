// The index: search in the lists, dark and light, keys; and on a server what
// becomes known after the page was made.
(() => {
  savedTheme();
  byId('theme').hidden = false;
  byId('theme').addEventListener('click', switchTheme);
  const q = byId('q');
  // On a phone the lists are folded until one is asked for.
  const fold = () => {
    if (matchMedia('(max-width: 40rem)').matches && !q.value) for (const d of document.querySelectorAll('.program-part details')) d.open = false;
  };

  let items = [];
  const read = () => {
    items = [...document.querySelectorAll('.commands li, .joins tbody tr')].map((row) => ({ row, text: row.textContent.toLowerCase() }));
  };
  const search = () => {
    const asked = q.value.toLowerCase().split(/\s+/).filter(Boolean);
    let found = 0;
    for (const { row, text } of items) {
      row.hidden = !asked.every((w) => text.includes(w));
      if (!row.hidden) found++;
    }
    for (const part of document.querySelectorAll('.program-part, .joins, .program-part details, .joins details')) {
      const empty = !part.querySelector('.commands li:not([hidden]), tbody tr:not([hidden])');
      part.hidden = asked.length > 0 && empty;
      if (asked.length && !empty && part.matches('.program-part details')) part.open = true;
    }
    byId('found-count').textContent = asked.length ? t('%d found', found) : '';
  };
  q.addEventListener('input', () => {
    search();
    history.replaceState(null, '', q.value ? '#' + new URLSearchParams({ q: q.value }) : location.pathname + location.search);
  });
  const before = new URLSearchParams(location.hash.slice(1)).get('q');
  if (before) q.value = before;
  q.addEventListener('keydown', (e) => {
    if (e.key === 'Enter') items.find((i) => !i.row.hidden && i.row.querySelector('a'))?.row.querySelector('a').click();
    if (e.key === 'Escape') q.blur();
  });
  read();
  fold();
  search();

  // What is known grows; what is typed and chosen stays.
  const tell = (says) => {
    const percent = /^(\d+)%/.exec(says);
    byId('says').textContent = says;
    const share = document.querySelector('#survey progress');
    if (percent) share.value = Number(percent[1]);
  };
  const grow = async () => {
    try {
      const { done, ended, says } = await (await fetch('/survey')).json();
      if (ended || String(done) !== byId('known').dataset.done) {
        const page = new DOMParser().parseFromString(await (await fetch(location.pathname)).text(), 'text/html');
        byId('known').replaceWith(document.adoptNode(page.getElementById('known')));
        read();
        fold();
        search();
      }
      if (!byId('survey')) return;
      tell(says);
    } catch (e) {
      byId('says').textContent = t('The server does not answer: %s', e.message);
    }
    setTimeout(grow, 500);
  };
  if (byId('survey')) {
    tell(byId('says').textContent);
    setTimeout(grow, 300);
  }

  document.addEventListener('keydown', (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey || e.target.matches('input')) return;
    if (e.key === '/') {
      e.preventDefault();
      q.focus();
    } else if (e.key === 't') {
      switchTheme();
    } else if (e.key === 'j' || e.key === 'k') {
      const links = items.filter((i) => i.row.offsetParent !== null).map((i) => i.row.querySelector('a')).filter(Boolean);
      const at = links.indexOf(document.activeElement) + (e.key === 'j' ? 1 : -1);
      links[Math.min(Math.max(at, 0), links.length - 1)]?.focus();
    }
  });
})();
