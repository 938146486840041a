// How long a text is, in the units that networks count: the same as core/provider_kit/counting.py, held together by
// tests/console/counting_vectors.json.
const COUNTERS = {
  codepoints: text => { let n = 0; for (const _ of text) n++; return n },
  utf16: text => text.length,
  utf8: text => new TextEncoder().encode(text).length,
  graphemes: text => { let n = 0; for (const _ of SEGMENTER.segment(text)) n++; return n },
}
const SEGMENTER = new Intl.Segmenter('en', { granularity: 'grapheme' })

// The length of a text by a network's rules ({counter, escaped}): one more for each character of `escaped`.
function lengthOf (text, { counter, escaped }) {
  let length = COUNTERS[counter](text)
  if (escaped) for (const character of text) if (escaped.includes(character)) length++
  return length
}

// The longest beginning of a text that counts at most `limit` by these rules, never cutting a character in two.
function fitting (text, rules, limit) {
  if (lengthOf(text, rules) <= limit) return text
  const ends = []
  for (const part of SEGMENTER.segment(text)) ends.push(part.index + part.segment.length)
  let low = 0, high = ends.length
  while (low < high) {
    const middle = (low + high + 1) >> 1
    if (lengthOf(text.slice(0, ends[middle - 1]), rules) <= limit) low = middle
    else high = middle - 1
  }
  return low ? text.slice(0, ends[low - 1]) : ''
}
