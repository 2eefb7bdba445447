// @ts-check
/** What can be saved of the 2-D view: the same points over D's surface as a plot with axes, and as numbers. */

import { figure } from '../charts/points.js';
import { pointsCsv } from '../lib/csv.js';
import { integer } from '../lib/format.js';
import { printed } from '../lib/printed.js';
import { titleOf } from '../lib/savings.js';
import { palette } from '../lib/theme.js';
import { paintField, rgb } from './field.js';

/** Side of the surface's picture: its lattice is coarser. */
const SIDE = 512;

/**
 * @param {import('../lib/store.js').RunState} open
 * @param {string} series
 * @param {{step: number, body: any}} shown
 * @returns {import('./chart_menu.js').Saving[]}
 */
export function cloudSavings(open, series, { step, body }) {
  return [{
    label: '', run: open.run.id, name: series, steps: [step],
    plot: () => {
      const colours = palette();
      const { notes, image } = surface(body, colours);
      return printed(plotOf(body, colours), {
        run: titleOf(open.run), chart: '2-D view', facts: [`step ${integer(step)}`],
        remarks: ['The surface is D’s probability that a point is real: in the colour of generated points 0, without colour ½, in D’s own 1.'],
        axes: { x: 'x', y: 'y' }, labels: ['real', 'generated'], marks: [], range: null, notes, colours, images: image === null ? [] : [image],
      });
    },
    csv: () => pointsCsv(step, body),
  }];
}

/** @param {any} body @param {import('../lib/theme.js').Colours} colours */
function surface(body, { roles, surface: neutral }) {
  const { data, notes } = figure(body, { size: SIDE, fake: rgb(roles.G), neutral: rgb(neutral), real: rgb(roles.D) });
  if (data.field === null) return { notes, image: null };
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [SIDE, SIDE];
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = neutral;
  context.fillRect(0, 0, SIDE, SIDE);
  paintField(context, data.field, SIDE);
  const [left, right, bottom, top] = body.extent.map(Number);
  const image = {
    source: canvas.toDataURL('image/png'), xref: 'x', yref: 'y', x: left, y: top, sizex: right - left, sizey: top - bottom,
    xanchor: 'left', yanchor: 'top', sizing: 'stretch', layer: 'below',
  };
  return { notes, image };
}

/** @param {any} body @param {import('../lib/theme.js').Colours} colours */
function plotOf({ real, generated, extent }, { roles, surface: paper, meta, line }) {
  const [left, right, bottom, top] = extent.map(Number);
  const dots = (/** @type {any[][]} */ points, /** @type {object} */ marker) => ({
    type: 'scatter', mode: 'markers', name: '', x: points.map(([x]) => Number(x)), y: points.map(([, y]) => Number(y)), marker,
  });
  const axis = { color: meta, gridcolor: line, zeroline: false, showgrid: false, ticks: 'outside', ticklen: 4, constrain: 'domain' };
  return {
    data: [
      dots(real, { symbol: 'circle-open', size: 6, color: roles.real, line: { width: 1.5 } }),
      dots(generated, { size: 5, color: roles.G, line: { width: 1, color: paper } }),
    ],
    layout: {
      margin: { t: 8 }, font: { family: 'system-ui, sans-serif', size: 12, color: meta },
      xaxis: { ...axis, range: [left, right] }, yaxis: { ...axis, range: [bottom, top], scaleanchor: 'x' },
    },
  };
}
