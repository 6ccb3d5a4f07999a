import type { Quirks } from '../../core/dialect.ts'

/** Text before and after a message in the prompt, by role. */
export type RoleMarks = Readonly<
  Record<'systemStart' | 'systemEnd' | 'userStart' | 'userEnd' | 'assistantStart' | 'assistantEnd', string>
>

/** Differences between servers and models of this format. */
export interface KoboldQuirks extends Quirks {
  /** The role marks that the model was trained with. Default `### Instruction:` and `### Response:`. */
  readonly marks?: RoleMarks | undefined
  /** Maximum tokens of prompt and answer together. Default: what the call may need, at least 2 048. */
  readonly contextLength?: number | undefined
}
