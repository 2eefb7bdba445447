// @ts-check
/**
 * The shapes that travel between the api and the page: `contract/` in JSDoc. Types only; nothing runs here.
 *
 * @typedef {number | "NaN" | "Infinity" | "-Infinity"} Wire a number on the wire
 *
 * @typedef {object} Knob
 * @property {number} [said_step] step for which its series gave the value
 * @property {string} name
 * @property {'number' | 'integer' | 'boolean'} kind
 * @property {number | boolean} default
 * @property {number | null} [minimum]
 * @property {number | null} [maximum]
 * @property {boolean} [exclusive_minimum]
 * @property {boolean} [exclusive_maximum]
 * @property {'linear' | 'log'} scale
 * @property {string} [unit]
 * @property {string} [help]
 * @property {string} [resets] what a change throws away
 * @property {boolean} [folded] few people turn it
 * @property {number | boolean} [value] in force, as the trainer said
 * @property {number | null} [applied_step]
 * @property {number | boolean | null} [asked]
 *
 * @typedef {object} Run
 * @property {string} id
 * @property {string} name
 * @property {string} status
 * @property {string | null} [reason]
 * @property {string | null} [traceback]
 * @property {Record<string, any>} spec
 * @property {string | null} [recipe]
 * @property {number} step
 * @property {number} steps
 * @property {number} attempt
 * @property {Knob[]} knobs
 * @property {Record<string, string[]>} attributes
 * @property {string | null} [device]
 * @property {string | null} [parent]
 * @property {number | null} [parent_step]
 * @property {string | null} [left_out] of a twin, the request of the parent whose changes it is without
 * @property {number} [n_forks] runs that go on from one of its checkpoints
 * @property {string | null} [sweep] the sweep that launched it
 * @property {number} created_at
 * @property {number | null} [started_at]
 * @property {number | null} [finished_at]
 * @property {Record<string, Wire>} latest
 * @property {string} cursor
 *
 * @typedef {object} SweepAxis
 * @property {string} name
 * @property {any[]} values
 *
 * @typedef {object} LastPicture
 * @property {string} series
 * @property {'grid' | 'points'} kind
 * @property {number} step
 * @property {Record<string, any>} [body] points that came with an event, or were fetched
 *
 * @typedef {object} Worker
 * @property {string} name
 * @property {string} host
 * @property {number} pid
 * @property {string} version
 * @property {{device: string, run: string | null}[]} slots
 * @property {number} memory_bytes of the worker and its trainers
 * @property {number} memory_total_bytes
 * @property {number} started_at
 * @property {number} seen_at
 *
 * @typedef {object} SweepRun
 * @property {string} id
 * @property {string} name
 * @property {Record<string, any>} values axis → value
 * @property {string} status
 * @property {string | null} [reason]
 * @property {number} step
 * @property {number} steps
 * @property {Record<string, {step: number, value: Wire}>} latest
 * @property {LastPicture | null} [picture]
 *
 * @typedef {object} SweepSummary
 * @property {string} id
 * @property {string} name
 * @property {string | null} [recipe]
 * @property {SweepAxis[]} axes
 * @property {number} created_at
 * @property {number} n_runs
 * @property {Record<string, number>} statuses
 *
 * @typedef {SweepSummary & {runs: SweepRun[], cursor: string}} Sweep
 *
 * @typedef {object} Difference
 * @property {string} name
 * @property {any} old
 * @property {any} new
 *
 * @typedef {object} LineageRun
 * @property {string} id
 * @property {string} name
 * @property {string} status
 * @property {number} step
 * @property {number} steps
 * @property {string | null} [parent]
 * @property {number | null} [parent_step]
 * @property {'launch' | 'fork' | 'twin' | 'rewind'} birth
 * @property {string | null} [left_out]
 * @property {Difference[]} differs
 * @property {number} created_at
 *
 * @typedef {object} Lineage
 * @property {string} root
 * @property {LineageRun[]} runs oldest first
 * @property {number} n_left_out
 * @property {string} cursor
 *
 * @typedef {object} RunEvent
 * @property {string} id
 * @property {string} run
 * @property {number} attempt
 * @property {string} source
 * @property {number | null} [step]
 * @property {number} time
 * @property {string} kind
 * @property {Record<string, any>} body
 *
 * @typedef {object} LedgerItem
 * @property {string} request_id
 * @property {'knob' | 'command'} kind
 * @property {string} name
 * @property {number | boolean | null} [old]
 * @property {number | boolean | null} [new]
 * @property {number} [over] steps over which the knob moves; of a pulse, for which it stays
 * @property {'linear' | 'cosine' | 'pulse'} [shape] how it moves
 * @property {string} author
 * @property {string | null} [reason]
 * @property {number} asked_at
 * @property {'applied' | 'refused' | 'superseded' | 'lost' | null} [outcome]
 * @property {string | null} [outcome_reason]
 * @property {number | null} [step]
 * @property {number | null} [latency_ms]
 *
 * @typedef {object} SeriesInfo
 * @property {string} name
 * @property {string} kind
 * @property {string} [unit]
 * @property {string} [meaning]
 * @property {string} [high_is] good, bad or neither
 * @property {string | null} [monitor]
 * @property {string | null} [chart]
 * @property {number | null} [last_step]
 * @property {Wire | null} [last]
 *
 * @typedef {object} Checkpoint
 * @property {number} step
 * @property {number} attempt
 * @property {string} name
 * @property {number} size_bytes
 * @property {string} reason
 *
 * @typedef {object} Alarm
 * @property {string} guard
 * @property {string} message
 * @property {number | null} step step at which it was raised
 * @property {number | null} cleared step at which it was cleared; null while it holds
 * @property {{from: number, to: number | null, message: string}[]} spans each time that it was raised, oldest first
 *
 * @typedef {object} Component
 * @property {string} family
 * @property {string} name
 * @property {string} title
 * @property {string} summary
 * @property {string} doc
 * @property {Record<string, any>} params
 * @property {Record<string, any>} provides
 * @property {Record<string, any>} needs
 * @property {Record<string, string[]>} attributes
 * @property {string | null} [cost]
 * @property {boolean} [default]
 *
 * @typedef {object} Recipe
 * @property {string} name
 * @property {string} title
 * @property {string} look
 * @property {string} duration
 * @property {string} [group] heading that it stands under
 * @property {Record<string, any>} spec
 * @property {Cure[]} [cures]
 * @property {'cpu' | 'gpu'} [device] what it is sized for
 * @property {{sha256: string, step: number, steps: number, seed: number} | null} [picture] what a run of it made
 *
 * @typedef {object} Cure
 * @property {string} title
 * @property {Record<string, number | boolean>} knobs
 *
 * @typedef {object} Catalogue
 * @property {string} version
 * @property {Component[]} components
 * @property {Recipe[]} recipes
 *
 * @typedef {object} SpecError
 * @property {string} where
 * @property {string} message
 *
 * @typedef {object} UploadedSet
 * @property {string} id
 * @property {string} name
 * @property {number} n_pictures
 * @property {string[]} classes
 * @property {number} size_bytes
 * @property {number} uploaded_at
 *
 * @typedef {UploadedSet & {is_new: boolean, n_refused: number, refused: {file: string, reason: string}[]}} Upload
 *
 * @typedef {SpecError & {line?: number | null}} TextProblem
 *
 * @typedef {object} Estimate
 * @property {string} device
 * @property {number} n_runs runs that it is based on
 * @property {string} basis what they have in common with it
 * @property {number | null} [steps_per_s]
 * @property {number | null} [low_per_s]
 * @property {number | null} [high_per_s]
 * @property {number | null} [seconds]
 * @property {number | null} [checkpoint_bytes]
 *
 * @typedef {object} CheckedSpec
 * @property {Record<string, any> | null} spec null where it does not have the shape of one
 * @property {string} yaml
 * @property {Record<string, number>} lines
 * @property {TextProblem[]} problems
 * @property {Estimate | null} [estimate]
 */

export {};
