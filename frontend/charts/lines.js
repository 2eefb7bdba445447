// @ts-check
/**
 * Scalars over steps. The line joins the last value of each bucket; a band behind it runs from the least to the
 * greatest, so that a spike between two points of the line is still seen.
 *
 * A value that is not finite leaves a gap, one at or below 0 leaves one on a log axis; both are counted in `notes`,
 * since what is not drawn must be said.
 */

import { integer, plotlyText } from '../lib/format.js';
import { timeTicks } from '../lib/time_axis.js';

const DASHES = { solid: 'solid', dash: '6px,3px', dot: '2px,3px', dashdot: '6px,3px,2px,3px' };
const MARGIN = { l: 44, t: 8, b: 24 };
/** Pixels that a letter of an end label takes, and what stands beside the letters. */
const [LETTER, BESIDE] = [7.2, 18];
const WIDEST_LABELS = 104;
const BAND_OPACITY = 0.22;

/**
 * @typedef {object} Line
 * @property {string} name
 * @property {string} label what stands at the line's end
 * @property {string} role which colour
 * @property {keyof typeof DASHES} dash
 * @property {number[]} steps
 * @property {number[]} min
 * @property {number[]} max
 * @property {number[]} last
 * @property {number[]} nonfinite
 *
 * @typedef {object} Options
 * @property {string} uirevision
 * @property {import('../lib/theme.js').Colours} colours
 * @property {number} width
 * @property {number} height
 * @property {[number, number]} xRange
 * @property {[number, number]} yRange
 * @property {boolean} [log]
 * @property {boolean} [isTime] whether it runs over milliseconds instead of steps
 * @property {number} [letters] room for end labels so long, also where there are none: charts one above the other align
 *
 * @typedef {object} End
 * @property {string} name
 * @property {string} label
 * @property {string} role
 * @property {number} value
 * @property {number} step
 */

/**
 * @param {Line[]} series
 * @param {Options} options
 * @returns {{data: any[], layout: Record<string, any>, notes: string[], ends: End[]}}
 */
export function figure(series, options) {
  const { xRange, log = false, colours } = options;
  const right = Math.min(WIDEST_LABELS, Math.max(24, BESIDE + LETTER * Math.max(options.letters ?? 0, ...series.map(({ label }) => label.length))));
  const plotWidth = Math.max(1, options.width - MARGIN.l - right);
  const seen = series.map((line) => ({ ...line, ...thin(cut(line, xRange), plotWidth) }));
  return {
    data: seen.flatMap((line) => traces(line, log, colours)),
    layout: layout(options, right),
    notes: notes(seen, log),
    ends: seen.flatMap((line) => end(line, log)),
  };
}

/**
 * Least and greatest finite value between two steps; null when there is none.
 * @param {Line[]} series
 * @param {[number, number]} xRange
 * @param {boolean} log whether only values above 0 can be drawn
 * @returns {[number, number] | null}
 */
export function extent(series, [from, to], log) {
  let [low, high] = [Infinity, -Infinity];
  for (const { steps, min, max } of series) {
    for (let index = 0; index < steps.length; index += 1) {
      if (steps[index] < from || steps[index] > to) continue;
      if (min[index] < low && (!log || min[index] > 0)) low = min[index];
      if (max[index] > high && (!log || max[index] > 0)) high = max[index];
      if (log && max[index] > 0 && max[index] < low) low = max[index];
    }
  }
  return low <= high ? [low, high] : null;
}

/** Only what is between two steps, and one point on each side, so that lines run to the edge. */
function cut(/** @type {Line} */ line, /** @type {[number, number]} */ [from, to]) {
  const { steps } = line;
  let [first, end] = [0, steps.length];
  while (first + 1 < end && steps[first + 1] < from) first += 1;
  while (end - 2 > first && steps[end - 2] > to) end -= 1;
  const part = (/** @type {number[]} */ column) => column.slice(first, end);
  return {
    steps: part(steps), min: part(line.min), max: part(line.max), last: part(line.last), nonfinite: part(line.nonfinite),
  };
}

/** At most one bucket a pixel: neighbours are merged into their least, greatest, last and count of non-finite. */
function thin(/** @type {ReturnType<typeof cut>} */ columns, /** @type {number} */ most) {
  const { steps, min, max, last, nonfinite } = columns;
  const size = Math.ceil(steps.length / most);
  if (size <= 1) return columns;
  /** @type {ReturnType<typeof cut>} */
  const merged = { steps: [], min: [], max: [], last: [], nonfinite: [] };
  for (let start = 0; start < steps.length; start += size) {
    const end = Math.min(start + size, steps.length);
    const lows = min.slice(start, end).filter((value) => !Number.isNaN(value));
    const highs = max.slice(start, end).filter((value) => !Number.isNaN(value));
    merged.steps.push(steps[start]);
    merged.min.push(lows.length > 0 ? Math.min(...lows) : NaN);
    merged.max.push(highs.length > 0 ? Math.max(...highs) : NaN);
    merged.last.push(last[end - 1]);
    merged.nonfinite.push(nonfinite.slice(start, end).reduce((sum, count) => sum + count, 0));
  }
  return merged;
}

/** @param {Line} line @param {boolean} log @param {import('../lib/theme.js').Colours} colours */
function traces(line, log, colours) {
  const colour = colours.roles[line.role];
  const drawn = {
    type: 'scatter',
    mode: 'lines',
    name: plotlyText(line.name),
    x: line.steps,
    y: line.last.map((value) => (isDrawable(value, log) ? value : null)),
    connectgaps: false,
    line: { color: colour, width: 1.6, dash: DASHES[line.dash], simplify: false },
    hovertemplate: '%{y:.5~g}',
  };
  if (isLonely(drawn.y)) Object.assign(drawn, { mode: 'lines+markers', marker: { color: colour, size: 5 } });
  const band = bandOf(line, log, colour);
  return band === null ? [drawn] : [band, drawn];
}

/** A closed shape around least and greatest, one for each stretch without a gap. */
function bandOf(/** @type {Line} */ { steps, min, max }, /** @type {boolean} */ log, /** @type {string} */ colour) {
  if (min.every((low, index) => !(low < max[index]))) return null;
  /** @type {(number | null)[]} */
  const x = [];
  /** @type {(number | null)[]} */
  const y = [];
  let start = 0;
  for (let index = 0; index <= steps.length; index += 1) {
    if (index < steps.length && isDrawable(min[index], log) && isDrawable(max[index], log)) continue;
    if (index > start) {
      const part = steps.slice(start, index);
      x.push(...part, ...part.toReversed(), null);
      y.push(...max.slice(start, index), ...min.slice(start, index).toReversed(), null);
    }
    start = index + 1;
  }
  return {
    type: 'scatter', mode: 'lines', x, y, fill: 'toself', fillcolor: colour, opacity: BAND_OPACITY,
    line: { width: 0 }, hoverinfo: 'skip', showlegend: false,
  };
}

/** @param {number} value @param {boolean} log */
function isDrawable(value, log) {
  return Number.isFinite(value) && (!log || value > 0);
}

/** Whether no two neighbours are there for a line to join. */
function isLonely(/** @type {(number | null)[]} */ values) {
  return values.some((value) => value !== null) && values.every((value, index) => value === null || (values[index - 1] ?? null) === null);
}

/**
 * What is not drawn, a line for each reason: `not finite: D 2 (last ~3), G 1 (last ~7)`.
 * @param {Line[]} series
 * @param {boolean} log
 */
function notes(series, log) {
  const broken = series.flatMap(({ label, steps, nonfinite }) => {
    const count = nonfinite.reduce((sum, each) => sum + each, 0);
    const latest = nonfinite.findLastIndex((each) => each > 0);
    return count === 0 ? [] : [`${label} ${integer(count)} (last ~${integer(steps[latest])})`];
  });
  const hidden = series.flatMap(({ label, last }) => {
    const count = log ? last.filter((value) => Number.isFinite(value) && value <= 0).length : 0;
    return count === 0 ? [] : [`${label} ${integer(count)}`];
  });
  return [
    ...(broken.length > 0 ? [`not finite: ${broken.join(', ')}`] : []),
    ...(hidden.length > 0 ? [`≤ 0, hidden on a log axis: ${hidden.join(', ')}`] : []),
  ];
}

/** @param {Line} line @param {boolean} log @returns {End[]} */
function end({ name, label, role, steps, last }, log) {
  const index = last.findLastIndex((value) => isDrawable(value, log));
  return index < 0 ? [] : [{ name, label, role, value: last[index], step: steps[index] }];
}

/** @param {Options} options @param {number} right */
function layout({ uirevision, colours, width, height, xRange, yRange, log = false, isTime = false }, right) {
  const axis = { zeroline: false, color: colours.meta, tickfont: { size: 12 }, ticklen: 4, automargin: false };
  const [low, high] = log ? yRange.map(Math.log10) : yRange;
  return {
    uirevision,
    width,
    height,
    margin: { ...MARGIN, r: right },
    paper_bgcolor: 'rgba(0,0,0,0)',
    plot_bgcolor: 'rgba(0,0,0,0)',
    font: { family: 'system-ui, sans-serif', size: 12, color: colours.meta },
    separators: '.\u202f',
    showlegend: false,
    hovermode: 'x unified',
    dragmode: 'zoom',
    hoverlabel: { bgcolor: colours.surface, bordercolor: colours.line, font: { color: colours.text, size: 12 } },
    xaxis: {
      ...axis, range: xRange, showgrid: false, nticks: width > 500 ? 8 : 5, tickformat: ',d', hoverformat: ',d', unifiedhovertitle: { text: 'step %{x:,d}' },
      showline: true, linecolor: colours.line, ticks: 'outside', tickcolor: colours.line, tick0: 0, ...(isTime ? timeTicks(xRange, width) : {}),
    },
    yaxis: {
      ...axis, range: [low, high], type: log ? 'log' : 'linear', gridcolor: colours.line, nticks: height > 160 ? 6 : 4,
      fixedrange: true, tickformat: '~g', exponentformat: 'e', ...(log ? { dtick: high - low > 1.2 ? 1 : 'D2' } : {}),
    },
  };
}
