// The page that waits for an answer: says what is being done, can cancel it,
// and loads itself again when the answer is there.
(() => {
  const says = document.getElementById('says');
  const job = '?' + new URLSearchParams({ id: says.dataset.job });
  const ask = async () => {
    try {
      const answer = await fetch('/job' + job);
      const { done, says: text } = await answer.json();
      if (done) {
        location.reload();
        return;
      }
      says.textContent = text;
    } catch (e) {
      says.textContent = 'The server does not answer: ' + e.message;
    }
    setTimeout(ask, 400);
  };
  document.getElementById('cancel').addEventListener('click', async () => {
    await fetch('/cancel' + job, { method: 'POST' });
  });
  setTimeout(ask, 200);
})();
