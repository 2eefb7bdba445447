// @ts-check
/**
 * A plot as it goes into a file: larger, and with what the screen says around it written into it: whose it is, which
 * steps, the names and units of its lines, what was changed and when an alarm was raised, and what could not be drawn. Pure.
 */

import { integer, plotlyText } from './format.js';

/** The plot's own size in a file, before words are put around it (CSS pixels; a PNG has twice as many of its own). */
export const SIZE = { width: 960, height: 440 };
/** Room for the title above, and for the axis below. */
const [ABOVE, BELOW] = [76, 46];
const LEFT = 72;
const LINE = 17;
const LETTER = 7;
/** Letters of a line of words that fit, and lines of the key; more changes than that are counted. */
const MOST_LETTERS = 128;
const MOST_KEYS = 12;

/**
 * @typedef {object} About
 * @property {string} run its name, as a person gave it
 * @property {string} chart
 * @property {string[]} facts which steps
 * @property {string[]} remarks how it is to be read
 * @property {{x: string, y: string}} axes what stands beside them; empty where the plot says it itself
 * @property {string[]} labels names of the lines, in the order of the traces that have one
 * @property {import('./marks.js').Mark[]} marks
 * @property {[number, number] | null} range steps of a plot over steps
 * @property {string[]} notes what could not be drawn
 * @property {import('./theme.js').Colours} colours
 * @property {any[]} [images] what lies under the plot
 *
 * @typedef {{data: any[], layout: Record<string, any>}} Printed
 */

/**
 * @param {Printed} plot as it is drawn
 * @param {About} about
 * @returns {Printed}
 */
export function printed({ data, layout }, about) {
  const { colours, labels, axes, remarks, images = [] } = about;
  const { marks, key } = keyOf(about);
  const traces = named(data, labels);
  const margin = { l: LEFT, r: 28, t: ABOVE, b: 0 };
  const rows = legendRows(labels, SIZE.width - margin.l - margin.r);
  const words = [
    ...remarks.map((text) => ({ text, color: colours.meta })),
    ...key.map((text) => ({ text, color: colours.text })),
    ...about.notes.map((text) => ({ text, color: colours.warn })),
  ];
  margin.b = BELOW + rows * 20 + (rows > 0 ? 6 : 0) + words.length * LINE + 10;
  const height = SIZE.height + ABOVE + margin.b - BELOW;
  const inner = height - margin.t - margin.b;
  return {
    data: traces,
    layout: {
      ...layout,
      ...SIZE, height, margin,
      paper_bgcolor: colours.surface, plot_bgcolor: colours.surface,
      xaxis: { ...layout.xaxis, nticks: 10, ...titled(axes.x, colours) },
      yaxis: { ...layout.yaxis, nticks: 9, ...titled(axes.y, colours) },
      annotations: [...(layout.annotations ?? []), ...head(about), ...marks.annotations, ...below(words, BELOW + rows * 20 + (rows > 0 ? 6 : 0))],
      shapes: [...(layout.shapes ?? []), ...marks.shapes],
      images,
      showlegend: rows > 0,
      legend: {
        orientation: 'h', x: 0, xanchor: 'left', y: -(BELOW - 2) / inner, yanchor: 'top', font: { size: 12, color: colours.text }, bgcolor: 'rgba(0,0,0,0)',
      },
    },
  };
}

/** Lines that have a name on the screen have it in the legend; bands behind them have none. @param {any[]} data @param {string[]} labels */
function named(data, labels) {
  let next = 0;
  return data.map((trace) => {
    const isLine = trace.name !== undefined && trace.fill === undefined && next < labels.length;
    if (!isLine) return { ...trace, showlegend: false };
    next += 1;
    return { ...trace, name: plotlyText(labels[next - 1]), showlegend: true };
  });
}

/** Lines that a legend lying below takes: as many columns as the longest name leaves. @param {string[]} labels @param {number} width */
function legendRows(labels, width) {
  if (labels.length === 0) return 0;
  const widest = Math.max(...labels.map(({ length }) => length)) * LETTER + 48;
  return Math.ceil(labels.length / Math.max(1, Math.floor(width / widest)));
}

/** @param {string} text @param {import('./theme.js').Colours} colours */
function titled(text, colours) {
  return text === '' ? {} : { title: { text: plotlyText(text), font: { size: 12, color: colours.meta }, standoff: 8 } };
}

/** Above the plot: whose it is; below that, what it is. @param {About} about */
function head({ run, chart, facts, colours }) {
  const line = { xref: 'paper', yref: 'paper', x: 0, y: 1, xanchor: 'left', yanchor: 'bottom', align: 'left', showarrow: false };
  return [
    { ...line, text: plotlyText(cut(run)), yshift: 50, font: { size: 15, color: colours.text } },
    { ...line, text: plotlyText(cut([chart, ...facts].join(' · '))), yshift: 32, font: { size: 12, color: colours.meta } },
  ];
}

/** @param {{text: string, color: string}[]} words @param {number} from */
function below(words, from) {
  return words.map(({ text, color }, index) => ({
    xref: 'paper', yref: 'paper', x: 0, y: 0, xanchor: 'left', yanchor: 'top', align: 'left', showarrow: false,
    yshift: -(from + index * LINE), text: plotlyText(cut(text)), font: { size: 12, color },
  }));
}

/**
 * Upright lines where something was changed or an alarm was raised, numbered, and what the numbers stand for.
 * @param {About} about
 */
function keyOf({ marks, range, colours }) {
  if (range === null) return { marks: { shapes: [], annotations: [] }, key: [] };
  /** @type {Map<string, {step: number, isAlarm: boolean, texts: string[]}>} */
  const groups = new Map();
  for (const { step, text, isAlarm = false } of marks) {
    if (step < range[0] || step > range[1]) continue;
    const key = `${step} ${isAlarm}`;
    const group = groups.get(key) ?? { step, isAlarm, texts: [] };
    group.texts.push(text);
    groups.set(key, group);
  }
  const ordered = [...groups.values()].sort((one, other) => one.step - other.step);
  const shapes = ordered.map(({ step, isAlarm }) => ({
    type: 'line', xref: 'x', yref: 'paper', x0: step, x1: step, y0: 0, y1: 1, line: { color: isAlarm ? colours.bad : colours.accent, width: 1, dash: isAlarm ? '4px,3px' : 'solid' },
  }));
  const listed = ordered.slice(0, MOST_KEYS);
  const annotations = listed.map(({ step, isAlarm }, index) => ({
    xref: 'x', yref: 'paper', x: step, y: 1, yanchor: 'bottom', showarrow: false, text: String(index + 1), font: { size: 11, color: isAlarm ? colours.bad : colours.accent },
  }));
  const rest = ordered.length - listed.length;
  const key = listed.map(({ texts, isAlarm }, index) => `${index + 1}  ${isAlarm ? 'alarm: ' : ''}${texts.join('; ')}`);
  return { marks: { shapes, annotations }, key: rest === 0 ? key : [...key, `and ${integer(rest)} more, not listed here`] };
}

/** @param {string} text */
function cut(text) {
  return text.length > MOST_LETTERS ? `${text.slice(0, MOST_LETTERS - 1)}…` : text;
}
