# Sourced by ./run and ./test: the interpreter, and a virtual environment that holds exactly what a lock file names.
#
#   choose_python            sets PYTHON (a command) and PYTHON_VERSION (3.11)
#   environment NAME LOCK    sets ENVIRONMENT, a folder below .cache made from LOCK, anew when lock or Python changed
#   need COMMAND PACKAGE     a command of the system: root gets the package, anybody else the line to type
#
# A stamp is written last, so an environment without the right stamp was interrupted or is old, and is made anew.
# Nothing but the stamp is looked at when it fits: a second start costs no pip.

ROOT=$(cd -- "$(dirname -- "$(readlink -f -- "${BASH_SOURCE[0]}")")/.." && pwd -P)
CACHE=$ROOT/.cache
OLDEST=11 # Python 3.11; pyproject.toml says the same

say() { printf 'strictmx: %s\n' "$*" >&2; }

die() {
    say "$*"
    exit 2
}

# Prints "3.11.2 /usr" (version and prefix) for an interpreter that is new enough; fails without a word otherwise.
identity() {
    "$1" -c "import sys; v = sys.version_info; v >= (3, $OLDEST) or sys.exit(1)
print('.'.join(map(str, v[:3])), sys.base_prefix)" 2>/dev/null
}

# The interpreters of this machine, newest first: on PATH, then those of pyenv.
pythons() {
    local minor found
    for minor in 14 13 12 11; do
        for found in "$(command -v "python3.$minor")" "$HOME"/.pyenv/versions/3."$minor".*/bin/python3."$minor"; do
            if [ -x "$found" ] && identity "$found" >/dev/null; then
                printf '%s\n' "$found"
                break
            fi
        done
    done
}

choose_python() {
    if [ -n "${STRICTMX_PYTHON:-}" ]; then
        use_python "$STRICTMX_PYTHON" || die "STRICTMX_PYTHON=$STRICTMX_PYTHON is no Python 3.$OLDEST or later"
        return
    fi
    use_python python3 && return
    local newest
    newest=$(pythons | head -n 1)
    if [ -n "$newest" ]; then
        use_python "$newest" && return
    fi
    if ! command -v python3 >/dev/null; then
        packages "Python is missing" python3 python3-venv
        use_python python3 && return
    fi
    die "Python 3.$OLDEST or later is needed, this is $(python3 -V 2>&1 | head -n 1); set STRICTMX_PYTHON to another one"
}

use_python() {
    local found
    found=$(identity "$1") || return 1
    [[ $found == 3.*\ /* ]] || return 1
    PYTHON=$1
    PYTHON_IDENTITY=$found
    PYTHON_VERSION=${found%% *}
    PYTHON_VERSION=${PYTHON_VERSION%.*}
}

# Install Debian packages, or end with the one command that does: packages WHY NAME…
packages() {
    local why=$1
    shift
    try_packages "$why" "$@" || die "$why: sudo apt-get install $*"
}

try_packages() {
    local why=$1
    shift
    [ "$(id -u)" -eq 0 ] && command -v apt-get >/dev/null || return 1
    say "$why, installing $*"
    export DEBIAN_FRONTEND=noninteractive
    if [ -z "${APT_UPDATED:-}" ]; then
        apt-get -qq update >&2 || true
        APT_UPDATED=yes
    fi
    # Nothing is removed for it, as another mail server would be for Postfix.
    apt-get -qq install -y --no-install-recommends --no-remove "$@" >&2 </dev/null
}

need() {
    command -v "$1" >/dev/null || packages "the command $1 is missing" "$2"
}

environment() {
    local name lock=$ROOT/requirements/$2 stamp hash
    name=$1-${PYTHON_IDENTITY%% *}-$(printf %s "$PYTHON_IDENTITY" | sha256sum | cut -c 1-6) # one for each interpreter
    ENVIRONMENT=$CACHE/$name
    hash=$(sha256sum <"$lock") || die "$lock cannot be read"
    stamp="$PYTHON_IDENTITY $ROOT ${hash%% *}"
    is_ready "$stamp" && return
    mkdir -p "$CACHE" 2>/dev/null
    if [ ! -w "$CACHE" ]; then # somebody else's checkout, as under /opt: environments of our own, apart by its path
        CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/strictmx/$(printf %s "$ROOT" | sha256sum | cut -c 1-16)
        ENVIRONMENT=$CACHE/$name
        is_ready "$stamp" && return
        mkdir -p "$CACHE" 2>/dev/null && [ -w "$CACHE" ] ||
            die "neither $ROOT/.cache nor $CACHE can be written; set XDG_CACHE_HOME to a folder that can"
    fi
    need flock util-linux
    (
        flock -n 9 || {
            say "waiting for another start that makes $name"
            flock 9
        }
        is_ready "$stamp" || make_environment "$lock" "$stamp"
    ) 9>"$CACHE/$name.lock" || exit 2
}

is_ready() {
    local found=
    { read -r found <"$ENVIRONMENT/stamp"; } 2>/dev/null
    [ "$found" = "$1" ] && [ -x "$ENVIRONMENT/bin/python" ]
}

make_environment() {
    local lock=$1 stamp=$2
    say "making ${ENVIRONMENT#"$ROOT"/} from ${lock#"$ROOT"/} with Python $PYTHON_VERSION, once"
    rm -rf "$ENVIRONMENT"
    make_venv
    install_locked "$ROOT/requirements/build.txt"
    install_locked "$lock" --no-binary dkimpy,authres --no-build-isolation --use-pep517
    install_checkout
    printf '%s\n' "$stamp" >"$ENVIRONMENT/stamp.new" && mv "$ENVIRONMENT/stamp.new" "$ENVIRONMENT/stamp"
}

# Install what a lock names: wheels, and what OPTIONS allow. dkimpy and authres have none and are built by the
# setuptools of requirements/build.txt, since pip would fetch another one for them without a hash.
install_locked() {
    local lock=$1
    shift
    "${PIP[@]}" install -qq --disable-pip-version-check --no-input --root-user-action ignore \
        --require-hashes --only-binary :all: "$@" -r "$lock" >&2 </dev/null ||
        die "pip could not install ${lock#"$ROOT"/} (its words are above); is a package index within reach?"
}

# An empty virtual environment in ENVIRONMENT, and PIP, the command that installs into it.
make_venv() {
    if has_ensurepip || { try_packages "Python's venv is missing" "python$PYTHON_VERSION-venv" && has_ensurepip; }; then
        "$PYTHON" -m venv "$ENVIRONMENT" >"$ENVIRONMENT.log" 2>&1 || die "python -m venv failed: $ENVIRONMENT.log"
        PIP=("$ENVIRONMENT/bin/python" -m pip)
        return
    fi
    # Debian splits ensurepip off; venv itself works without it.
    "$PYTHON" -m venv --without-pip "$ENVIRONMENT" >"$ENVIRONMENT.log" 2>&1 ||
        die "Python's venv is missing: sudo apt-get install python$PYTHON_VERSION-venv"
    find_pip || {
        rm -rf "$ENVIRONMENT"
        die "pip is missing: sudo apt-get install python$PYTHON_VERSION-venv"
    }
}

has_ensurepip() { "$PYTHON" -c 'import ensurepip, venv; ensurepip.version()' 2>/dev/null; }

# A pip from elsewhere: the interpreter's own, the wheel of Debian's python3-pip-whl, or that package fetched here.
find_pip() {
    local wheel
    if "$PYTHON" -m pip --python "$ENVIRONMENT/bin/python" --version >/dev/null 2>&1; then
        PIP=("$PYTHON" -m pip --python "$ENVIRONMENT/bin/python")
        return
    fi
    mkdir -p "$ENVIRONMENT/pip"
    if command -v apt-get >/dev/null && [ -z "$(echo /usr/share/python-wheels/pip-*.whl | grep -v '\*')" ]; then
        (cd "$ENVIRONMENT/pip" && apt-get -qq download python3-pip-whl && dpkg-deb -x ./*.deb .) >&2 2>/dev/null
    fi
    for wheel in /usr/share/python-wheels/pip-*.whl "$ENVIRONMENT"/pip/usr/share/python-wheels/pip-*.whl; do
        if [ -r "$wheel" ]; then
            PIP=("$ENVIRONMENT/bin/python" "$wheel/pip")
            return
        fi
    done
    return 1
}

# The program itself: its source on the path, and the command that an installed wheel would have.
install_checkout() {
    local packages
    packages=$("$ENVIRONMENT/bin/python" -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
    printf '%s\n' "$ROOT/src" >"$packages/strictmx.pth"
    cat >"$ENVIRONMENT/bin/strictmx" <<EOF
#!$ENVIRONMENT/bin/python
import sys

from strictmx.cli import main

sys.exit(main())
EOF
    chmod +x "$ENVIRONMENT/bin/strictmx"
}
