// @ts-check
/** What requests and their outcomes do to a run's ledger and knobs. One request may be several items, one a knob. */

/**
 * @typedef {import('./store.js').RunState} RunState
 * @typedef {import('./types.js').RunEvent} RunEvent
 */

/** @param {RunState} open @param {RunEvent} event @param {boolean} isNews */
export function applyKnob(open, event, isNews) {
  for (const request of event.body.knobs) {
    setLedger(open, event, { kind: 'knob', name: request.name, old: request.old ?? null, new: request.value, over: request.over ?? 1, shape: request.shape ?? 'linear' });
    const knob = open.run.knobs.find(({ name }) => name === request.name);
    if (knob === undefined || !isNews) continue;
    if (event.kind === 'knob.asked') {
      knob.asked = request.value;
    } else if (event.kind === 'knob.applied') {
      // One that moves over several steps is where its series says.
      const isMoving = (request.over ?? 1) > 1 || request.shape === 'pulse';
      const value = isMoving ? knob.value : request.value;
      Object.assign(knob, { value, applied_step: event.step, asked: null });
    } else {
      knob.asked = null;
    }
  }
  return ['knobs', 'ledger'];
}

/** @param {RunState} open @param {RunEvent} event */
export function applyCommand(open, event) {
  setLedger(open, event, { kind: 'command', name: event.body.command });
  return ['ledger'];
}

/** @param {RunState} open @param {RunEvent} event @param {any} about */
function setLedger(open, event, about) {
  const { body, kind, time, step } = event;
  const key = ledgerKey(body.request_id, about.name);
  const before = open.ledger.get(key);
  const base = before ?? { request_id: body.request_id, author: '', asked_at: time, ...about };
  if (kind.endsWith('.asked')) {
    open.ledger.set(key, { ...base, author: body.author, reason: body.reason ?? null, asked_at: time });
    return;
  }
  open.ledger.set(key, {
    ...base,
    old: about.old ?? base.old ?? null,
    outcome: /** @type {any} */ (kind.split('.')[1]),
    outcome_reason: body.by ? `by ${body.by}` : (body.reason ?? null),
    step: step ?? null,
    latency_ms: body.latency_ms ?? null,
  });
}

/** @param {string} request @param {string} name */
export function ledgerKey(request, name) {
  return `${request} ${name}`;
}
