/** How the names of texts begin that only the views say that are loaded later. */
export const laterWords = ['b.', 'g.fmt', 'g.login', 'g.quit', 'g.theme', 'g.tray', 'n.', 'nt.', 's.'];

/** Whether a text is not said before those views are there. */
export const isLater = (key: string): boolean => laterWords.some((beginning) => key.startsWith(beginning));
