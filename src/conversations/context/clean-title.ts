const MAX_CHARS = 120
const MAX_READ = 4_000

/**
 * Reduces a model's answer to a title: its first line with words, without reasoning, Markdown, a leading `Title:`, quotation
 * marks, control and invisible characters. At most 120 characters. Empty if nothing is left.
 */
export function cleanTitle(answer: string): string {
  const line = withoutReasoning(answer.slice(0, MAX_READ))
    .split(/[\n\r\u0085\u2028\u2029]/)
    .map((text) => cleanLine(text))
    .find((text) => /[\p{L}\p{N}\p{S}]/u.test(text))
  return cut(line ?? '')
}

// An answer that ends inside its reasoning has no title.
function withoutReasoning(answer: string): string {
  const name = 'think(?:ing)?|thought|reasoning|analysis|reflection'
  return answer
    .replaceAll(new RegExp(`<(${name})\\b[^<>]*>.*?</\\1\\s*>`, 'gis'), '')
    .replace(new RegExp(`^.*</(?:${name})\\s*>`, 'is'), '')
    .replace(new RegExp(`<(?:${name})\\b[^<>]*>.*$`, 'is'), '')
}

function cleanLine(line: string): string {
  let text = line
    // oxlint-disable-next-line no-control-regex
    .replaceAll(/\u001b\[[0-9;?]*[A-Za-z]/g, '')
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .replaceAll(/[\p{Cs}\p{Co}\p{Cn}\u200b\u2028-\u202e\u2060-\u206f\ufeff\u00ad]/gu, '')
    .replaceAll(/<\/?[A-Za-z][^<>]{0,100}>/g, '')
    .replaceAll(/!?\[([^[\]]*)\]\([^()\s]*\)/g, '$1')
  for (let before = ''; before !== text;) {
    before = text
    text = unwrapped(text.trim())
  }
  return text.replaceAll(/\s+/g, ' ')
}

const MARKS = '"\'“”„‟‘’‚«»‹›「」『』`*_~'

function unwrapped(text: string): string {
  return text
    .replace(/^(?:#{1,6}(?=\s|$)|>|[-*+•–—](?=\s)|\d{1,2}[.)](?=\s)|```\w*)\s*/, '')
    .replace(
      /^(?:(?:chat |conversation )?title|titel|titre|título|titolo|заголовок|标题|タイトル)\s*[:：]\s*/iu,
      '',
    )
    .replace(/^(\*\*|__|~~|[*_`])(.+?)\1/, '$2')
    .replace(/(\*\*|__|~~|`)(.+?)\1/g, '$2')
    .replace(new RegExp(`^[${MARKS}\\s]+|[${MARKS}\\s.。]+$`, 'g'), '')
    .replace(/\s#{1,6}$/, '')
}

// By code points, so that no surrogate pair is split.
function cut(text: string): string {
  if (text.length <= MAX_CHARS) return text
  return text
    .slice(0, MAX_CHARS)
    .replace(/[\ud800-\udbff]$/, '')
    .trimEnd()
}
