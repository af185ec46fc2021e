/**
 * Who answers a network's names on a host with Docker. On a network of Docker's own names nobody of ours does: its
 * containers bring them along.
 */
export const NAME_SERVER_PART = `
up_name_server() {
  case $(setting nameserver) in
    docker) ;;
    weave) up_weave_dns ;;
    *) up_dns ;;
  esac
}

down_name_server() {
  case $(setting nameserver) in
    docker) ;;
    weave) down_weave_dns ;;
    *) dns_stop ;;
  esac
}
`;
