// @ts-check
/** Numbers, times and sizes as a person reads them. Nothing here rounds what is sent; it rounds what is shown. */

export const MINUS = '\u2212';
const THIN = '\u202f';

/**
 * A number from the wire, where NaN and infinities are strings.
 * @param {number | string} value
 * @returns {number}
 */
export function fromWire(value) {
  return typeof value === 'number' ? value : Number(value);
}

/**
 * `digits` significant digits; small and large ones with an exponent: 0.412, 1.90, 5.0e-5.
 * @param {number | string | null | undefined} wire
 * @param {number} [digits]
 * @returns {string}
 */
export function number(wire, digits = 3) {
  if (wire === null || wire === undefined) return '–';
  const value = fromWire(wire);
  if (!Number.isFinite(value)) return nonfinite(value);
  if (value === 0) return '0';
  const size = Math.abs(value);
  if (size < 1e-3 || size >= 1e6) return sign(exponent(value.toExponential(Math.max(1, digits - 2))));
  if (Number.isInteger(value)) return integer(value);
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(size)));
  return sign(value.toFixed(Math.min(decimals, 12)));
}

/**
 * The shortest text that gives the number back: what a knob's field holds.
 * @param {number | boolean | string} value
 * @returns {string}
 */
export function exact(value) {
  if (typeof value !== 'number') return String(value);
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-3 || size >= 1e7)) return exponent(value.toExponential());
  return String(value);
}

/**
 * A whole number in groups of three: 12 431.
 * @param {number} value
 * @returns {string}
 */
export function integer(value) {
  const digits = Math.abs(Math.round(value)).toString();
  const grouped = digits.length > 4 ? digits.replace(/\B(?=(\d{3})+$)/g, THIN) : digits;
  return value < 0 && digits !== '0' ? MINUS + grouped : grouped;
}

/**
 * A span of time in its largest one or two units: 45 s, 14 min, 2 h 5 min, 3 d 4 h.
 * @param {number} seconds
 * @returns {string}
 */
export function duration(seconds) {
  if (!Number.isFinite(seconds)) return '–';
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joined(`${hours} h`, minutes % 60, 'min');
  return joined(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
}

/**
 * How old something is, finer when young: 0.3 s, 14 s, 2 min.
 * @param {number} seconds
 * @returns {string}
 */
export function age(seconds) {
  const past = Math.max(0, seconds);
  return past < 9.95 ? `${past.toFixed(1)} s` : duration(past);
}

/**
 * Milliseconds, or seconds from 10,000 of them on.
 * @param {number} milliseconds
 * @returns {string}
 */
export function latency(milliseconds) {
  return milliseconds < 10_000 ? `${Math.round(milliseconds)} ms` : duration(milliseconds / 1000);
}

/**
 * A moment, with the date unless it is today.
 * @param {number} unixSeconds
 * @param {number} nowSeconds
 * @returns {string}
 */
export function moment(unixSeconds, nowSeconds) {
  const then = new Date(unixSeconds * 1000);
  const clock = then.toLocaleTimeString([], { hour: '2-digit', minute: '2-digit', hour12: false });
  if (then.toDateString() === new Date(nowSeconds * 1000).toDateString()) return clock;
  return `${then.toLocaleDateString([], { day: 'numeric', month: 'short' })} ${clock}`;
}

/**
 * A text inside Plotly, whose texts are pseudo-HTML.
 * @param {string} text
 * @returns {string}
 */
export function plotlyText(text) {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** @param {number} value */
function nonfinite(value) {
  if (Number.isNaN(value)) return 'NaN';
  return value > 0 ? '∞' : `${MINUS}∞`;
}

/** @param {string} text */
function exponent(text) {
  return text.replace('e+', 'e');
}

/** @param {string} text */
function sign(text) {
  return text.startsWith('-') ? MINUS + text.slice(1) : text;
}

/** @param {string} large @param {number} rest @param {string} unit */
function joined(large, rest, unit) {
  return rest === 0 ? large : `${large} ${rest} ${unit}`;
}
