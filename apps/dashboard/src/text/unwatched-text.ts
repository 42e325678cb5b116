/** The interfaces that are not watched, as a line among those that are. */
export const UNWATCHED = {
  name: 'not watched',
  title: 'Packets of interfaces that are not watched. Rules for an interface do not apply to them.',
};
