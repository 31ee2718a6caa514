// Buttons that copy what stands beside them: `<button data-copy="…">`.

for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-copy]')) {
  const label = button.textContent;
  button.addEventListener('click', () => {
    void navigator.clipboard.writeText(button.dataset['copy'] ?? '').then(
      () => say(button, 'Copied', label),
      () => say(button, 'Not copied', label),
    );
  });
}

/** The button's own text says it, so that a screen reader hears it where it is. */
function say(button: HTMLButtonElement, text: string, label: string | null): void {
  button.textContent = text;
  setTimeout(() => {
    button.textContent = label;
  }, 2000);
}
