/**
 * The two panels: beside the map on a wide screen, a sheet from below on a phone.
 * @module sheet
 */

/**
 * Let buttons open and close the panels.
 * @param {Document} page - the page
 * @returns {{open: (name: string) => void, close: (name: string) => void}} the panels by name
 */
export function panels(page) {
  const panel = (name) => /** @type {HTMLElement} */ (page.getElementById(name));
  const set = (name, shown) => {
    panel(name).dataset.open = String(shown);
    for (const button of page.querySelectorAll(`[aria-controls="${name}"]`)) button.setAttribute('aria-expanded', String(shown));
  };
  const close = (name) => set(name, false);
  const open = (name) => {
    if (narrow()) for (const other of ['layers', 'info']) if (other !== name) close(other);
    set(name, true);
  };
  for (const button of page.querySelectorAll('[aria-controls]')) {
    const name = button.getAttribute('aria-controls') ?? '';
    button.addEventListener('click', () => (panel(name).dataset.open === 'true' ? close(name) : open(name)));
  }
  page.addEventListener('keydown', (event) => {
    if (event.key !== 'Escape') return;
    if (panel('info').contains(page.activeElement)) /** @type {HTMLElement | null} */ (page.querySelector('#map canvas'))?.focus();
    close('info');
  });
  return {open, close};
}

/** @returns {boolean} whether the page is a phone's */
export function narrow() {
  return matchMedia('(max-width: 760px)').matches;
}
