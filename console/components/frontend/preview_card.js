// One post as one account will show it, for pages that only look.
const memory = new WeakMap()
export default function (component) {
  const { data, parentElement: root } = component
  if (!memory.has(root)) memory.set(root, { unfolded: new Set(), slides: new Map() })
  const again = () => root.querySelector('.slot').replaceChildren(
    previewCard(data.account, data.form, data.post, { ...memory.get(root), again, nothing: 'No text.' }))
  again()
}
