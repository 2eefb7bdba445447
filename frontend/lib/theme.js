// @ts-check
/** Light, dark, or as the system has it; and the colours that charts need as plain values. */

const KEY = 'modescope.theme';
const ORDER = ['auto', 'light', 'dark'];

/** @returns {string} */
export function savedTheme() {
  const saved = localStorage.getItem(KEY);
  return saved !== null && ORDER.includes(saved) ? saved : 'auto';
}

/** @param {string} theme @returns {string} the one after it */
export function nextTheme(theme) {
  return ORDER[(ORDER.indexOf(theme) + 1) % ORDER.length];
}

/** @param {string} theme */
export function applyTheme(theme) {
  localStorage.setItem(KEY, theme);
  document.documentElement.dataset.theme = theme;
}

/**
 * Tells when the system changes from light to dark or back.
 * @param {() => void} listener
 */
export function onSystemTheme(listener) {
  window.matchMedia('(prefers-color-scheme: dark)').addEventListener('change', listener);
}

/**
 * @typedef {object} Colours
 * @property {string} text
 * @property {string} meta
 * @property {string} line
 * @property {string} surface
 * @property {string} accent
 * @property {string} warn
 * @property {string} bad
 * @property {Record<string, string>} roles series role → colour
 */

const ROLES = ['D', 'G', 'real', 'penalty', 'extra1', 'extra2', 'noise'];

/**
 * The colours in force. A custom property holds its text, not its colour, so each goes through a real one.
 * @returns {Colours}
 */
export function colours() {
  const probe = document.createElement('span');
  document.body.append(probe);
  const resolve = (/** @type {string} */ token) => {
    probe.style.color = `var(--${token})`;
    return getComputedStyle(probe).color;
  };
  const roles = Object.fromEntries(ROLES.map((role) => [role, resolve(`series-${role}`)]));
  const found = {
    text: resolve('text'), meta: resolve('text-3'), line: resolve('line'), surface: resolve('surface'),
    accent: resolve('accent'), warn: resolve('warn'), bad: resolve('bad'), roles,
  };
  probe.remove();
  return found;
}

/** @type {Map<string, Colours>} */
const palettes = new Map();

/** The colours in force, looked up once a theme. @returns {Colours} */
export function palette() {
  const key = `${document.documentElement.dataset.theme} ${window.matchMedia('(prefers-color-scheme: dark)').matches}`;
  const found = palettes.get(key) ?? colours();
  palettes.set(key, found);
  return found;
}
