// One file, large: an image, a video that plays, or what kind of document it is with a way to save it.
export default function (component) {
  const { data, parentElement: root } = component
  const box = root.querySelector('.view')
  unlessSame(box, data, () => {
    if (data.kind === 'video') {
      const player = el('video')
      Object.assign(player, { src: data.address, controls: true, preload: 'none', playsInline: true })
      if (data.poster) player.poster = data.poster
      player.setAttribute('aria-label', data.name)
      box.replaceChildren(player)
    } else if (data.kind === 'image' || data.thumbnail) {
      const picture = el('img')
      Object.assign(picture, { src: data.kind === 'image' ? data.address : data.thumbnail, alt: data.alt || data.name })
      box.replaceChildren(picture)
    } else box.replaceChildren(icon('description'))
    const save = el('a', 'save', icon('download'), 'Save a copy')
    Object.assign(save, { href: data.address, target: '_blank', rel: 'noopener' })
    root.querySelector('.ways').replaceChildren(save)
  })
}
