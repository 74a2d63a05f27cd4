/**
 * Compiles the schemas ahead: a validator for each as plain code, so that a node made of built-ins never loads ajv.
 */
import { _, Ajv } from 'ajv'
import standalone from 'ajv/dist/standalone/index.js'
import { ajvOptions, compiledPart, keywords, type ValidatorKind } from './dialect.ts'

/** Source text of a module that exports `validate`. */
export function validatorModule(schema: object, kind: ValidatorKind): string {
  const ajv = new Ajv({ ...ajvOptions[kind], code: { source: true, esm: true, lines: false } })
  for (const keyword of keywords(_)) ajv.addKeyword(keyword)
  const text = standalone.default(ajv, ajv.compile(compiledPart(schema, kind)))
  if (text.includes('require(')) throw new Error('A validator needs code of ajv at run time; use simpler keywords.')
  // Not a module of ours to check or to format: what ajv writes stays as it is.
  return text.replace('"use strict";', '').replace(/export default \w+;/, '')
}
