// Files of the organization as tiles: a picture or what kind they are, their name, and one line of facts.
const KINDS = { image: ['image', 'Image'], video: ['movie', 'Video'], document: ['description', 'Document'] }

function fileTile (file, { selected, onPick, href }) {
  const [symbol, kind] = KINDS[file.kind]
  const shown = el('span', 'face')
  if (file.thumbnail) {
    const picture = el('img')
    Object.assign(picture, { src: file.thumbnail, alt: '', loading: 'lazy', decoding: 'async' })
    shown.append(picture)
  } else shown.append(icon(symbol))
  if (file.mark) shown.append(el('span', 'mark num', file.kind === 'video' ? icon('play_arrow') : '', file.mark))
  const name = el('span', 'nm cut', file.name)
  name.title = file.name
  const tile = el(href ? 'a' : 'button', 'tile' + (selected ? ' sel' : ''), shown,
    name, el('span', 'fc cut', file.facts), el('span', 'us cut' + (file.uses ? '' : ' no'), file.used))
  tile.dataset.id = file.id
  tile.setAttribute('aria-label', kind + ' ' + file.name + ', ' + file.facts + ', ' + file.used)
  if (href) tile.href = href
  else { tile.type = 'button'; tile.setAttribute('aria-pressed', String(Boolean(selected))) }
  tile.onclick = event => {
    if (href && (event.ctrlKey || event.metaKey || event.shiftKey || event.button)) return
    event.preventDefault()
    onPick(file.id)
  }
  return tile
}
