# What scripts of nixpkgs' find in their builder.
shopt -s nullglob
runHook() { :; }

substituteInPlace() {
        local files=() pairs=() file content i

        while (($#)); do
                case $1 in
                --replace | --replace-fail | --replace-warn | --replace-quiet)
                        pairs+=("$2" "$3")
                        shift 3
                        ;;
                --subst-var-by)
                        pairs+=("@$2@" "$3")
                        shift 3
                        ;;
                --subst-var)
                        pairs+=("@$2@" "${!2}")
                        shift 2
                        ;;
                *)
                        files+=("$1")
                        shift
                        ;;
                esac
        done
        for file in "${files[@]}"; do
                content=$(<"$file")
                for ((i = 0; i < ${#pairs[@]}; i += 2)); do
                        content=${content//"${pairs[i]}"/"${pairs[i + 1]}"}
                done
                printf '%s\n' "$content" >"$file"
        done
}

substitute() {
        cp "$1" "$2"
        chmod u+w "$2"
        substituteInPlace "$2" "${@:3}"
}
