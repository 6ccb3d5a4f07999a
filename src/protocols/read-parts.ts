import { rowOf } from '../core/json.ts'
import type { AudioPart, FilePart } from '../core/message.ts'
import type { JsonReader } from './json-reader.ts'

/** Reads a URL that providers accept: http(s), or a data URL. */
export function readUrl(fields: JsonReader, name: string): string {
  const url = fields.requiredString(name)
  if (url !== '' && !/^(?:https?:\/\/|data:)/i.test(url))
    fields.addIssue(name, 'must be an http(s) or data URL')
  return url
}

/** Reads a file by `file_id`, or by `file_data`: a data URL, or base64 whose type follows from the file name. */
export function readFile(file: JsonReader): FilePart {
  const data = file.text('file_data')
  const fileId = file.text('file_id')
  const filename = file.text('filename')
  if (data === undefined) {
    if (fileId === undefined) file.addIssue('', 'needs file_data or file_id')
    return { type: 'file', fileId, filename }
  }
  if (data.startsWith('data:')) return { type: 'file', url: data, filename }
  return { type: 'file', data, mediaType: mediaTypeOf(filename), filename }
}

function mediaTypeOf(filename = ''): string {
  const ending = filename.slice(filename.lastIndexOf('.') + 1).toLowerCase()
  return rowOf(MEDIA_TYPES, ending) ?? 'application/pdf'
}
const MEDIA_TYPES: Readonly<Record<string, string>> = {
  txt: 'text/plain',
  md: 'text/markdown',
  csv: 'text/csv',
  html: 'text/html',
  json: 'application/json',
}

/** Reads OpenAI's `input_audio`: base64 with its format. */
export function readAudio(audio: JsonReader): AudioPart {
  const mediaType = `audio/${audio.requiredString('format')}`
  return { type: 'audio', data: audio.requiredString('data'), mediaType }
}
