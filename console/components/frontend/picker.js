// Files to choose from: as tiles, in the order they were chosen in, up to so many.
export default function (component) {
  const { data, parentElement: root, setStateValue } = component
  const grid = root.querySelector('.grid')
  const chosen = new Set(data.chosen)
  const draw = () => {
    const focused = grid.getRootNode().activeElement?.dataset?.id
    grid.replaceChildren(...data.files.map(file => fileTile(file, { selected: chosen.has(file.id), onPick: pick })))
    if (focused) grid.querySelector('[data-id="' + focused + '"]')?.focus()
  }
  const pick = id => {
    if (!chosen.delete(id)) {
      if (data.most === 1) chosen.clear()
      if (chosen.size < data.most) chosen.add(id)
    }
    draw()
    setStateValue('chosen', [...chosen])
  }
  draw()
}
