// @ts-check
/** From a component's JSON schema to the fields of a form. Pure. */

/**
 * @typedef {object} Field
 * @property {string} param
 * @property {'number' | 'integer' | 'boolean' | 'choice' | 'text' | 'map' | 'json'} kind
 * @property {any} default undefined when it has none and must be given
 * @property {boolean} isNullable whether it may be left out by saying null
 * @property {boolean} isKnob whether it may change while the run goes on
 * @property {any[]} choices
 * @property {number | null} minimum
 * @property {number | null} maximum
 * @property {boolean} exclusive_minimum
 * @property {boolean} exclusive_maximum
 * @property {'linear' | 'log'} scale
 * @property {string} unit
 * @property {string} help
 */

/**
 * The fields of a schema's properties, in their order.
 * @param {Record<string, any>} schema
 * @returns {Field[]}
 */
export function fieldsOf(schema) {
  return Object.entries(schema.properties ?? {}).map(([param, property]) => fieldOf(param, property, schema.$defs ?? {}));
}

/** @param {string} param @param {Record<string, any>} property @param {Record<string, any>} definitions @returns {Field} */
function fieldOf(param, property, definitions) {
  const { shape, isNullable } = plain(property, definitions);
  const bounds = isObject(shape.additionalProperties) ? shape.additionalProperties : shape;
  return {
    param,
    kind: kindOf(shape),
    default: property.default,
    isNullable,
    isKnob: property.knob !== undefined,
    choices: shape.enum ?? (shape.const === undefined ? [] : [shape.const]),
    minimum: bounds.minimum ?? bounds.exclusiveMinimum ?? null,
    maximum: bounds.maximum ?? bounds.exclusiveMaximum ?? null,
    exclusive_minimum: bounds.exclusiveMinimum !== undefined,
    exclusive_maximum: bounds.exclusiveMaximum !== undefined,
    scale: property.knob?.scale ?? 'linear',
    unit: property.knob?.unit ?? '',
    help: property.description ?? shape.description ?? '',
  };
}

/**
 * A property without references, and without the "or nothing" that makes it optional.
 * @param {Record<string, any>} property
 * @param {Record<string, any>} definitions
 * @returns {{shape: Record<string, any>, isNullable: boolean}}
 */
function plain(property, definitions) {
  const resolved = resolve(property, definitions);
  const options = (resolved.anyOf ?? []).map((/** @type {any} */ option) => resolve(option, definitions));
  const given = options.filter((/** @type {any} */ option) => option.type !== 'null');
  if (given.length !== 1) return { shape: resolved, isNullable: false };
  return { shape: given[0], isNullable: given.length < options.length };
}

/** @param {Record<string, any>} property @param {Record<string, any>} definitions @returns {Record<string, any>} */
function resolve(property, definitions) {
  const reference = property.$ref ?? property.allOf?.[0]?.$ref;
  return reference === undefined ? property : { ...definitions[String(reference).split('/').pop() ?? ''], ...property };
}

/** @param {Record<string, any>} shape @returns {Field['kind']} */
function kindOf(shape) {
  if (shape.enum !== undefined || shape.const !== undefined) return 'choice';
  if (shape.type === 'number' || shape.type === 'integer' || shape.type === 'boolean') return shape.type;
  if (shape.type === 'string') return 'text';
  const values = shape.additionalProperties;
  return shape.type === 'object' && isObject(values) && values.type === 'number' ? 'map' : 'json';
}

/** @param {any} value @returns {value is Record<string, any>} */
function isObject(value) {
  return typeof value === 'object' && value !== null;
}
