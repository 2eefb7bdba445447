// @ts-check
/** The run as a file: links of a small menu. */

import { exportAddress } from '../lib/connection.js';
import { h, setAttribute } from '../lib/dom.js';
import { menu } from './menu.js';

/** Format → what the file is for. */
const FORMATS = {
  html: 'this page with its numbers and pictures: opens without a server',
  yaml: 'the spec and all that was turned: launched again, it repeats the run',
  csv: 'every scalar: a row a step, a column a series',
  jsonl: 'every event as it came, one a line',
};

export function exportMenu() {
  const links = Object.entries(FORMATS).map(([format, words]) => (
    { format, element: h('a', { testid: `export-${format}` }, h('strong', { text: format }), h('span', { class: 'meta', text: words })) }));
  const { element, list } = menu(h('summary', { class: 'button', text: 'Export', title: 'The run as a file' }), { testid: 'export' });
  list.append(...links.map((link) => h('li', {}, link.element)));
  return {
    element,
    /** @param {string} run */
    update(run) {
      for (const { format, element: link } of links) {
        setAttribute(link, 'href', exportAddress(run, format));
        setAttribute(link, 'download', `${run}.${format}`);
      }
    },
  };
}
