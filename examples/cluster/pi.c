/* Pi by as many processes as there are, each with a part of the sum; the first says the result and where all of them ran.
 *   mpicc -O2 -o pi pi.c && sbatch -N3 -n6 --wrap 'mpirun ./pi'
 */
#include <mpi.h>
#include <stdio.h>

#define SLICES 30000000

int main(int argc, char **argv) {
    char name[MPI_MAX_PROCESSOR_NAME] = "", names[64][MPI_MAX_PROCESSOR_NAME];
    int rank, size, length;
    double part = 0, pi;

    MPI_Init(&argc, &argv);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    MPI_Comm_size(MPI_COMM_WORLD, &size);
    if (size > 64) MPI_Abort(MPI_COMM_WORLD, 1);
    for (int slice = rank; slice < SLICES; slice += size) {
        double x = (slice + 0.5) / SLICES;
        part += 4 / (1 + x * x) / SLICES;
    }
    MPI_Reduce(&part, &pi, 1, MPI_DOUBLE, MPI_SUM, 0, MPI_COMM_WORLD);
    MPI_Get_processor_name(name, &length);
    MPI_Gather(name, sizeof name, MPI_CHAR, names, sizeof name, MPI_CHAR, 0, MPI_COMM_WORLD);
    if (rank == 0) {
        printf("pi %.10f, %d processes:", pi, size);
        for (int at = 0; at < size; at++) printf(" %s", names[at]);
        printf("\n");
    }
    MPI_Finalize();
    return 0;
}
