import type { Quirks } from '../../core/dialect.ts'

/** What stands before and after a turn in the prompt, by role. */
export type RoleMarks = Readonly<
  Record<'systemStart' | 'systemEnd' | 'userStart' | 'userEnd' | 'assistantStart' | 'assistantEnd', string>
>

/** Where servers and models that speak this format differ from each other. */
export interface KoboldQuirks extends Quirks {
  /** Marks of the roles, as the model was trained with. Default: `### Instruction:` and `### Response:`. */
  readonly marks?: RoleMarks | undefined
  /** Tokens of prompt and answer together. Default: 2 048, or as many as the call may need; the server knows its own limit. */
  readonly contextLength?: number | undefined
}
