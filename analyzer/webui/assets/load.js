// Loading what a page does not hold itself.

function loadScript(src) {
  return new Promise((done, failed) => {
    document.head.append(el('script', { src, on: { load: done, error: () => failed(new Error(t('cannot read %s', src))) } }));
  });
}

// loadCode fetches the code of a function that a site keeps in a file for many.
async function loadCode() {}
