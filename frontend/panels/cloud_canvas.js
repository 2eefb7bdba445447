// @ts-check
/** Draws points in the plane on a canvas: D's surface, real points, generated ones, and D's slope at some of them. */

import { figure } from '../charts/points.js';
import { LAYERS } from '../lib/layers.js';
import { colours } from '../lib/theme.js';
import { paintField, rgb } from './field.js';

/** Below this side a picture has smaller dots, so that they do not run together; below a pixel nobody would see them. */
const WIDE_PX = 300;
const LEAST_SCALE = 0.3;

/**
 * @param {HTMLCanvasElement} canvas
 * @param {any} body
 * @param {number} side CSS pixels
 * @param {ReadonlySet<string>} [layers] those that are drawn
 * @returns {{notes: string[], steepest: number | null}} what could not be drawn, and the slope that the longest arrow stands for
 */
export function drawCloud(canvas, body, side, layers = new Set(LAYERS)) {
  const ratio = window.devicePixelRatio;
  const size = Math.round(side * ratio);
  if (canvas.width !== size) [canvas.width, canvas.height] = [size, size];
  canvas.style.width = `${side}px`;
  canvas.style.height = `${side}px`;
  const { roles, surface, text } = colours();
  const { data, notes, steepest } = figure(body, { size, fake: rgb(roles.G), neutral: rgb(surface), real: rgb(roles.D) });
  const context = /** @type {CanvasRenderingContext2D} */ (canvas.getContext('2d'));
  context.fillStyle = surface;
  context.fillRect(0, 0, size, size);
  if (data.field !== null && layers.has('surface')) paintField(context, data.field, size);
  const scale = ratio * Math.min(1, Math.max(LEAST_SCALE, side / WIDE_PX));
  if (layers.has('real')) drawDots(context, data.real, { colour: roles.real, radius: 2.5 * scale, isRing: true, edge: surface });
  if (layers.has('generated')) drawDots(context, data.generated, { colour: roles.G, radius: 2.2 * scale, isRing: false, edge: surface });
  if (layers.has('slopes') && side >= WIDE_PX / 2) drawArrows(context, data.arrows, { colour: text, width: 1.2 * scale });
  return { notes, steepest };
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number][]} points
 * @param {{colour: string, radius: number, isRing: boolean, edge: string}} look
 */
function drawDots(context, points, { colour, radius, isRing, edge }) {
  context.beginPath();
  for (const [x, y] of points) {
    context.moveTo(x + radius, y);
    context.arc(x, y, radius, 0, 2 * Math.PI);
  }
  context.lineWidth = isRing ? radius * 0.6 : radius * 0.5;
  context.strokeStyle = isRing ? colour : edge;
  context.fillStyle = colour;
  context.stroke();
  if (!isRing) context.fill();
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number, number, number][]} arrows
 * @param {{colour: string, width: number}} look
 */
function drawArrows(context, arrows, { colour, width }) {
  const head = 4 * width;
  context.beginPath();
  for (const [x, y, right, up] of arrows) {
    const length = Math.hypot(right, up);
    if (length < width) continue; // shorter than its own line is wide
    const [along, across] = [right / length, up / length];
    const tip = Math.min(head, length / 2);
    const [tipX, tipY] = [x + right, y + up];
    context.moveTo(x, y);
    context.lineTo(tipX, tipY);
    context.moveTo(tipX - tip * (along - across * 0.6), tipY - tip * (across + along * 0.6));
    context.lineTo(tipX, tipY);
    context.lineTo(tipX - tip * (along + across * 0.6), tipY - tip * (across - along * 0.6));
  }
  context.lineWidth = width;
  context.strokeStyle = colour;
  context.stroke();
}
