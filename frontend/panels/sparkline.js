// @ts-check
/** The line of a run's key series in a table's cell, and in words for those who point at it or listen. */

import { figure } from '../charts/sparkline.js';
import { svgElement, setAttribute } from '../lib/dom.js';
import { integer, number } from '../lib/format.js';

const [WIDTH, HEIGHT] = [120, 24];
const GAP_PX = 5;

/** @param {string} testid */
export function sparkline(testid) {
  const band = svgElement('path', { class: 'spark-band' });
  const line = svgElement('path', { class: 'spark-line' });
  const gaps = svgElement('path', { class: 'spark-gaps' });
  const end = svgElement('circle', { class: 'spark-end', r: '2' });
  const element = svgElement('svg', { class: 'spark', viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: String(WIDTH), height: String(HEIGHT), role: 'img', 'data-testid': testid });
  const title = svgElement('title', {});
  element.append(title, band, line, gaps, end);
  return {
    element,
    /**
     * @param {import('../lib/series.js').Buckets} buckets
     * @param {[number, number] | null} fixed the range of its values where that is known beforehand
     */
    draw(buckets, fixed) {
      const { data, layout } = figure(buckets, { width: WIDTH, height: HEIGHT, fixed });
      setAttribute(line, 'd', data.line);
      setAttribute(band, 'd', data.band);
      setAttribute(gaps, 'd', data.gaps.map((x) => `M${x} ${HEIGHT - GAP_PX}v${GAP_PX}`).join(''));
      setAttribute(end, 'visibility', data.end === null ? 'hidden' : 'visible');
      setAttribute(end, 'cx', String(data.end?.x ?? 0));
      setAttribute(end, 'cy', String(data.end?.y ?? 0));
      title.textContent = words(buckets, layout.bucketSteps);
      setAttribute(element, 'aria-label', title.textContent);
    },
  };
}

/** @param {import('../lib/series.js').Buckets} buckets @param {number} width steps that a drawn bucket spans */
function words({ name, steps, min, max, last, nonfinite }, width) {
  if (steps.length === 0) return `${name}: not measured yet`;
  const finite = (/** @type {number[]} */ values) => values.filter((value) => !Number.isNaN(value));
  const broken = nonfinite.reduce((sum, count) => sum + count, 0);
  const range = finite(min).length === 0 ? '' : `, ${number(Math.min(...finite(min)))} to ${number(Math.max(...finite(max)))}`;
  const span = `steps ${integer(steps[0])} to ${integer(steps[steps.length - 1] + (width > 1 ? width - 1 : 0))}`;
  return `${name} ${number(last[last.length - 1])}${range}; ${span}${width > 1 ? ` in buckets of ${integer(width)}` : ''}${broken > 0 ? `; ${integer(broken)} not finite` : ''}`;
}
