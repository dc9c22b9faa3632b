import { Modal, type ModalProps } from '@mantine/core';

/** A dialog with something to fill in, or something shown once. A click beside it, which is easily made, does not throw that away. */
export function FormModal(props: ModalProps) {
  return <Modal {...props} closeOnClickOutside={false} />;
}
