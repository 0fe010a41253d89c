// The page that waits for an answer: says what is being done and how much of it,
// can cancel it, and loads itself again when the answer is there.
(() => {
  const says = document.getElementById('says');
  const share = document.getElementById('share');
  const job = '?' + new URLSearchParams({ id: says.dataset.job });
  const tell = (text) => {
    says.textContent = text;
    const percent = /^(\d+)%/.exec(text);
    if (percent) share.value = Number(percent[1]);
    else share.removeAttribute('value');
  };
  const ask = async () => {
    try {
      const answer = await fetch('/job' + job);
      const { done, says: text } = await answer.json();
      if (done) {
        location.reload();
        return;
      }
      tell(text);
    } catch (e) {
      tell(t('The server does not answer: %s', e.message));
    }
    setTimeout(ask, 400);
  };
  document.getElementById('cancel').addEventListener('click', async () => {
    await fetch('/cancel' + job, { method: 'POST' });
  });
  tell(says.textContent);
  setTimeout(ask, 200);
})();
