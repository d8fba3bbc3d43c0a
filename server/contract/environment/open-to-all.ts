/**
 * Whether more than a file's owner and its group may get at it. A group is let in: Kubernetes mounts a Secret as
 * root's and makes it the pod's by `fsGroup`, 0440 there and 0660 on a volume.
 *
 * @param mode of `stat`, which looks behind a symbolic link: what such a mount shows is one
 */
export const isOpenToAll = (mode: number): boolean => (mode & 0o007) !== 0;
